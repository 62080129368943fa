// Only enriches; the page is whole without it. The server's clock counts.
(() => {
	const d = document.documentElement.dataset, $ = (s, e = document) => [...e.querySelectorAll(s)];
	const kept = t => { try { if (t) localStorage.theme = t; return localStorage.theme; } catch {} };
	if (kept()) d.theme = kept();
	let now = Date.parse(d.now), begun = performance.now();
	const secs = t => (now + performance.now() - begun - Date.parse(t)) / 1e3 | 0;

	// Times in the reader's zone, with UTC on hover.
	const times = root => {
		for (const e of $("[data-f]", root)) {
			const at = e.dateTime || e.dataset.t, t = new Date(at), f = e.dataset.f, clock = t.toTimeString();
			const day = t.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
			if (e.dateTime) e.title = at;
			e.textContent = f == "D" ? day : f == "d" ? day + " " + clock.slice(0, 5) : clock.slice(0, f);
		}
	};
	const tick = () => {
		for (const e of $("[data-age]")) {
			const s = secs(e.dataset.age), m = s / 60 | 0;
			e.textContent = s < 90 ? s + " s" : m < 90 ? m + " min" : m < 2880 ? (m / 60 | 0) + " h" : (m / 1440 | 0) + " d";
		}
		for (const e of $(".asof")) e.classList.toggle("late", secs(e.dataset.at) > e.dataset.late);
	};

	// Search while typing, where all websites stand on the page; else the server searches.
	const sought = () => {
		const q = $("#q")[0];
		if (!q || q.form.dataset.all == null) return;
		const w = q.value.toLowerCase().split(" "), seen = "[data-q]:not([hidden])";
		for (const r of $("[data-q]")) r.hidden = !w.every(x => r.dataset.q.includes(x));
		for (const g of $(".group")) g.hidden = !$(seen, g)[0];
		$("#found")[0].textContent = q.value && $(seen).length + " found";
	};
	// A closed group's rows come when it is opened, and again when something is new.
	const parse = text => new DOMParser().parseFromString(text, "text/html");
	const fill = async g => {
		const text = await fetch(g.dataset.rows).then(r => r.ok && r.text()).catch(() => "");
		const t = parse(text || ""), rows = $(".group > table, .group ~ .after", t);
		if (!rows[0] || $("table", g)[0]?.contains(document.activeElement)) return;
		times(t);
		for (const e of [...g.children].slice(1)) e.remove();
		g.append(...rows);
		bars(g); tick(); sought();
	};
	const groups = root => {
		for (const g of $("[data-rows]", root)) g.addEventListener("toggle", () => g.open && fill(g));
	};

	// Bars: one tab stop, arrows, Home, End.
	const bars = root => {
		const tip = $(".tip")[0], hide = () => tip.hidden = true;
		for (const s of $(".strip", root)) {
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
		}
	};

	// What is new comes by itself, and leaves alone where the reader is: what is typed, folded, focused.
	let live, busy, again, quiet = 0;
	const renew = async () => {
		if (document.hidden || d.now == null) return;
		if (busy) return again = 1;
		busy = 1;
		const text = await fetch(location.href).then(r => r.ok && r.text()).catch(() => "");
		busy = 0;
		if (text) put(parse(text));
		if (again) { again = 0; renew(); }
	};
	// The server tells when. Where it does not, this page asks; a hidden page holds no connection.
	const listen = () => {
		if (document.hidden || d.now == null) { live?.close(); live = 0; return; }
		if (live && live.readyState < 2) return;
		live = new EventSource("/updates");
		live.onmessage = () => { quiet = 0; renew(); };
	};
	const put = t => {
		const rows = new Map($("[data-q]", t).map(r => [$(".name", r)[0].href, r]));
		times(t);
		// Another shape: rows came, went or stand elsewhere. The whole is replaced, unless somebody is in it.
		const shape = e => $("[data-q] .name, section, h3", e).filter(x => !x.closest("[data-rows] table"))
			.map(x => x.href || x.id || x.textContent).join();
		const open = $("[data-rows][open]").map(g => g.dataset.rows), small = ".group > summary > small";
		const main = $("main")[0], fresh = $("main", t)[0];
		if (shape(main) == shape(fresh) && rows.size) {
			for (const s of [".banner", ".probers", ".side"]) $(s)[0]?.replaceWith(...$(s, t).slice(0, 1));
			for (const e of $("[data-q]")) {
				const to = rows.get($(".name", e)[0].href);
				if (!to) continue;
				const at = $("a", e).indexOf(document.activeElement);
				to.hidden = e.hidden; e.replaceWith(to); bars(to);
				$("a", to)[at]?.focus();
			}
			$(small, t).forEach((e, i) => $(small)[i].replaceWith(e));
		} else if (!main.contains(document.activeElement)) {
			const q = $("#q")[0]?.value, closed = $(".group:not([open]) h3").map(e => e.textContent);
			main.replaceWith(fresh);
			if (q) $("#q")[0].value = q;
			for (const g of $(".group")) if (closed.includes($("h3", g)[0].textContent)) g.open = false;
			set(fresh);
		} else return;
		$(".asof")[0]?.replaceWith(...$(".asof", t));
		for (const g of $("[data-rows]")) if (open.includes(g.dataset.rows)) g.open ? fill(g) : g.open = true;
		for (const e of $(".account")) for (const to of $(".account", t)) { to.open = e.open; e.replaceWith(to); }
		document.title = t.title;
		now = Date.parse(t.documentElement.dataset.now); begun = performance.now();
		tick();
		sought();
	};
	const set = root => {
		bars(root);
		groups(root);
		for (const q of $("#q", root)) {
			q.oninput = sought;
			q.form.onchange = e => e.target == q || q.form.submit();
		}
	};
	addEventListener("DOMContentLoaded", () => {
		const b = $(".theme")[0];
		b.hidden = false;
		b.onclick = () => kept(d.theme = (d.theme ? d.theme == "dark" : matchMedia("(prefers-color-scheme:dark)").matches) ? "light" : "dark");
		$(".zone")[0].textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
		times(document);
		set(document);
		if (now) {
			setInterval(tick, 1000);
			setInterval(() => { if (live?.readyState != 1 || ++quiet > 3) { quiet = 0; renew(); } listen(); }, 15000);
			document.addEventListener("visibilitychange", () => { listen(); renew(); });
			listen();
		}
	});
})();
