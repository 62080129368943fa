//! A website: how it is and was, its response times, checks, incidents and certificates.

use database::{Database, DatabaseError, Statement, system_time};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use super::{
    check::Check,
    incident::Incident,
    recent::{recent, recent_before},
    things::Thing,
    view::View,
    website::Website,
};
use crate::{audience::Audience, share::Share, spread::Spread};

const WEBSITE: Statement = Statement::new(
    "reading a website's page",
    concat!(
        include_str!("../../sql/facts.sql"),
        "shown AS MATERIALIZED (SELECT *, 1 AS place FROM ranked),\n",
        include_str!("../../sql/lines.sql"),
        include_str!("../../sql/website.sql"),
        "UNION ALL\n",
        include_str!("../../sql/told.sql"),
        include_str!("../../sql/checks.sql"),
    ),
);

/// All that a website's page shows.
#[derive(Debug)]
pub(crate) struct WebsitePage {
    pub(crate) now: Timestamp,
    pub(crate) today: Date,
    pub(crate) website: Website,
    pub(crate) more: More,
    pub(crate) places: Vec<Place>,
    /// The last day and the last week.
    pub(crate) periods: Vec<Sum>,
    /// The day that is opened.
    pub(crate) day: Option<DaySum>,
    /// When the first point begins.
    pub(crate) since: Timestamp,
    pub(crate) points: Vec<Point>,
    pub(crate) checks: Vec<Check>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) certificates: Vec<Shown>,
}

#[derive(Debug, Deserialize)]
struct Moment {
    now: Timestamp,
    today: Date,
}

/// What else is known of it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct More {
    pub(crate) description: Option<String>,
    /// Per cent of availability that are aimed at.
    pub(crate) slo: Option<f64>,
    pub(crate) regexp: String,
    pub(crate) certificate: Option<Certificate>,
}

/// A certificate.
#[derive(Debug, Deserialize)]
pub(crate) struct Certificate {
    pub(crate) not_after: Option<Timestamp>,
}

/// How a location sees it.
#[derive(Debug, Deserialize)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) heard_at: Timestamp,
    /// It was heard within three intervals of the newest result.
    pub(crate) is_heard: bool,
    /// `None` where its last results do not count.
    pub(crate) is_down: Option<bool>,
    /// Of its last check, where that was good; seconds.
    pub(crate) response_time: Option<f64>,
}

/// What the checks of some days came to.
#[derive(Debug, Deserialize)]
pub(crate) struct Sum {
    pub(crate) days: i64,
    #[serde(flatten)]
    pub(crate) share: Share,
    pub(crate) buckets: Spread,
}

/// What the checks of a day came to.
#[derive(Debug, Deserialize)]
pub(crate) struct DaySum {
    pub(crate) date: Date,
    #[serde(flatten)]
    pub(crate) share: Share,
    pub(crate) maintenance: i64,
    pub(crate) buckets: Spread,
}

/// A point of the response times: its place, up, down and missed checks; the means of its phases and of
/// the whole, in seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Point(
    pub(crate) i64,
    pub(crate) i64,
    pub(crate) i64,
    pub(crate) i64,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
);

impl Point {
    /// The phases one upon the other: where each ends. `None` where no check was good.
    pub(crate) fn stack(&self) -> Option<[f64; 5]> {
        let whole = self.9?;
        let mut ends = [self.4, self.5, self.6, self.7, self.8].map(|phase| phase.unwrap_or(0.0));
        for phase in 1..ends.len() {
            ends[phase] += ends[phase - 1];
        }
        // The original's results have no phases: all of it is the last one.
        ends[4] = ends[4].max(whole);
        Some(ends)
    }
}

/// A certificate that it showed, with the first and the last check of the last week that saw it.
#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    pub(crate) not_after: Option<Timestamp>,
    pub(crate) issuer: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

impl WebsitePage {
    /// Asks for it; `None` where there is no such website that may be seen.
    pub(crate) async fn read(
        database: &Database,
        audience: &Audience,
        id: i64,
        view: &View,
    ) -> Result<Option<Self>, DatabaseError> {
        let step = view.period.step().as_secs();
        // A point begins at a whole multiple of its length, so that it stays the same when the page is
        // loaded again.
        let since = Timestamp::now().as_second() - view.period.length().as_secs();
        let since = since.div_euclid(step) * step;
        let since = Timestamp::from_second(since).unwrap_or(Timestamp::UNIX_EPOCH);
        // The database takes a day as text: the driver does not know ours.
        let day = view.day.map(|day| day.to_string());
        let (recently, soon) = recent();
        let listed = view.before.map_or_else(recent, recent_before);
        let rows = database
            .attempt(async |client| {
                WEBSITE
                    .query(
                        client,
                        &[
                            &audience.tags,
                            &Some(id),
                            &audience.names_only,
                            &recently,
                            &soon,
                            &system_time(since),
                            &step,
                            &view.period.is_fine(),
                            &view.from,
                            &day,
                            &listed.0,
                            &listed.1,
                        ],
                    )
                    .await
            })
            .await?;
        let things: Vec<_> = rows.iter().map(Thing::of).collect();
        let Some(website) = things.iter().find(|it| it.kind == "website") else {
            return Ok(None);
        };
        let moment: Moment = Thing::only(&things, "page")?;
        Ok(Some(Self {
            now: moment.now,
            today: moment.today,
            website: website.read()?,
            more: Thing::only(&things, "more")?,
            places: Thing::all(&things, "location")?,
            periods: Thing::all(&things, "period")?,
            day: Thing::all(&things, "day")?.pop(),
            since,
            points: Thing::all(&things, "point")?,
            checks: Thing::all(&things, "check")?,
            incidents: Thing::all(&things, "incident")?,
            certificates: Thing::all(&things, "certificate")?,
        }))
    }
}
