// Only enriches; the page is whole without it. The server's clock counts.
(() => {
	const d = document.documentElement.dataset, $ = (s, e = document) => [...e.querySelectorAll(s)];
	const kept = t => { try { if (t) localStorage.theme = t; return localStorage.theme; } catch {} };
	if (kept()) d.theme = kept();
	addEventListener("DOMContentLoaded", () => {
		const b = $(".theme")[0];
		b.hidden = false;
		b.onclick = () => kept(d.theme = (d.theme ? d.theme == "dark" : matchMedia("(prefers-color-scheme:dark)").matches) ? "light" : "dark");
		for (const e of $("[data-f]")) {
			const at = e.dateTime || e.dataset.t, t = new Date(at), f = e.dataset.f, clock = t.toTimeString();
			if (e.dateTime) e.title = at;
			const day = t.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
			e.textContent = f == "D" ? day : f == "d" ? day + " " + clock.slice(0, 5) : clock.slice(0, f);
		}
		$(".zone")[0].textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
		const now = Date.parse(d.now), begun = performance.now(), stamp = $(".asof")[0];
		now && setInterval(() => {
			const secs = t => (now + performance.now() - begun - Date.parse(t)) / 1e3 | 0;
			for (const e of $("[data-age]")) {
				const s = secs(e.dataset.age), m = s / 60 | 0;
				e.textContent = s < 90 ? s + " s" : m < 90 ? m + " min" : m < 2880 ? (m / 60 | 0) + " h" : (m / 1440 | 0) + " d";
			}
			stamp?.classList.toggle("late", secs(stamp.dataset.at) > stamp.dataset.late);
		}, 1000);
		for (const q of $("#q")) {
			// Where not all websites stand on the page, the server searches.
			if (q.form.dataset.all != null) q.oninput = () => {
				const w = q.value.toLowerCase().split(" "), seen = "[data-q]:not([hidden])";
				for (const r of $("[data-q]")) r.hidden = !w.every(x => r.dataset.q.includes(x));
				for (const g of $(".group")) g.hidden = !$(seen, g)[0];
				$("#found")[0].textContent = q.value && $(seen).length + " found";
			};
			q.form.onchange = e => e.target == q || q.form.submit();
		}
		// A closed group's rows come when it is opened.
		for (const g of $("[data-rows]")) g.addEventListener("toggle", async () => {
			const r = await fetch(g.dataset.rows), t = new DOMParser().parseFromString(await r.text(), "text/html");
			const rows = $(".group > table", t);
			if (r.ok && rows[0]) { g.lastElementChild.replaceWith(...rows, ...$(".group ~ .after", t)); bars(g); }
		}, { once: true });
		// Bars: one tab stop, arrows, Home, End.
		const tip = $(".tip")[0], hide = () => tip.hidden = true;
		const bars = root => { for (const s of $(".strip", root)) {
			const one = s.closest("a"), own = $("a", s), box = one || s;
			const odd = Object.fromEntries((s.dataset.odd || "").split("|").map(x => x.split("="))), rect = () => s.getBoundingClientRect();
			let i = 89;
			const show = n => {
				i = Math.max(0, Math.min(89, n));
				const r = rect(), t = new Date(now - (89 - i) * 864e5);
				if (one) one.search = "day=" + t.toISOString().slice(0, 10);
				tip.hidden = false;
				tip.textContent = own[i]?.ariaLabel || t.toUTCString().slice(5, 11) + ": " + (i < odd.first ? "no check yet" : odd[i] || "100 %");
				tip.style.top = r.y + scrollY - 8 + "px";
				tip.style.left = r.x + r.width * (i + .4) / 90 + "px";
				tip.style.setProperty("--x", i / .89 + "%");
			};
			box.onpointermove = e => show((e.clientX - rect().x) / rect().width * 90 | 0);
			box.onpointerleave = hide;
			box.addEventListener("focusout", hide);
			box.onkeydown = e => {
				if (!one) i = own.indexOf(e.target);
				const was = own[i], n = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: 89 }[e.key];
				if (n == null) return;
				e.preventDefault();
				show(n);
				if (one) return;
				was.tabIndex = -1; own[i].tabIndex = 0; own[i].focus(); show(i);
			};
		} };
		bars(document);
	});
})();
