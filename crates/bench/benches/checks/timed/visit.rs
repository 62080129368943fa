//! Visits, and how long their phases were for the site.

use std::{
    collections::HashMap,
    fs,
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};

/// A visit by the site's own clock.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Of the site.
    pub(crate) number: usize,
    /// When its name was asked for, in seconds since 1970.
    pub(crate) began: f64,
    /// Seconds from the first question for the name to the last answer, from the connection to the end of
    /// the handshake, from there to the end of the head, and from there to the end of the body.
    pub(crate) phases: [f64; 4],
    /// From the first question to the end of the body.
    pub(crate) seconds: f64,
}

/// When a visit's phases ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) accepted: Instant,
    pub(super) shaken: Instant,
    pub(super) head: Instant,
    pub(super) body: Instant,
}

/// What is known of all visits.
#[derive(Debug, Default)]
pub(super) struct Visits {
    all: Mutex<Vec<Visit>>,
    /// Who was asked for by name, and has not been visited since.
    asked: Mutex<HashMap<usize, Asked>>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    time: SystemTime,
    first_question: Instant,
    last_answer: Instant,
}

impl Visits {
    /// Somebody asks for the name.
    pub(super) fn asks(&self, number: usize) {
        let (time, now) = (SystemTime::now(), Instant::now());
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.entry(number).or_insert(Asked {
            time,
            first_question: now,
            last_answer: now,
        });
    }

    /// The name was answered.
    pub(super) fn answered(&self, number: usize) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = asked.get_mut(&number) {
            asked.last_answer = Instant::now();
        }
    }

    /// The visit is over.
    pub(super) fn end(&self, number: usize, ends: &Ends) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(asked) = asked.remove(&number) else {
            return;
        };
        let seconds = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64();
        let began = asked.time.duration_since(SystemTime::UNIX_EPOCH);
        let visit = Visit {
            number,
            began: began.as_ref().map_or(0.0, Duration::as_secs_f64),
            phases: [
                seconds(asked.first_question, asked.last_answer),
                seconds(ends.accepted, ends.shaken),
                seconds(ends.shaken, ends.head),
                seconds(ends.head, ends.body),
            ],
            seconds: seconds(asked.first_question, ends.body),
        };
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(visit);
    }

    /// Writes them, a line each.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::BufWriter::new(fs::File::create(file)?);
        for visit in &*all {
            let [dns, tls, first_byte, body] = visit.phases;
            let (number, began, seconds) = (visit.number, visit.began, visit.seconds);
            writeln!(
                out,
                "{number} {began} {dns} {tls} {first_byte} {body} {seconds}"
            )?;
        }
        out.flush().context("writing the visits")
    }
}

/// Those that were written.
pub(super) fn read(file: &Path) -> Result<Vec<Visit>> {
    let parse = |line: &str| -> Result<Visit> {
        let (number, rest) = line.split_once(' ').context("an odd line")?;
        let times: Vec<f64> = rest.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let &[began, dns, tls, first_byte, body, seconds] = &times[..] else {
            anyhow::bail!("an odd line: {line:?}");
        };
        Ok(Visit {
            number: number.parse()?,
            began,
            phases: [dns, tls, first_byte, body],
            seconds,
        })
    };
    fs::read_to_string(file)?.lines().map(parse).collect()
}
