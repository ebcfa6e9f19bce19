//! The figures in the text form of Prometheus.

use super::figures::{HttpFigures, STATUSES};
use super::{Operations, Served, webhooks};
use crate::metrics::{BackupFigures, Histogram};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Reads everything anew for each question.
#[derive(Debug)]
pub(super) struct Figures(pub(super) Arc<Operations>);

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        let operations = &self.0;
        let build = [("version", env!("CARGO_PKG_VERSION").to_owned())];
        page.gauges("build_info", "Always 1; the label says which version this is.", vec![(build, 1)])?;
        page.gauge(
            "ready",
            "1 where the service takes commands, else 0.",
            i64::from(operations.readiness().is_ready()),
        )?;
        let size = |(name, path): &(&'static str, std::path::PathBuf)| {
            let bytes = path.metadata().map_or(0, |file| file.len());
            ([("file", (*name).to_owned())], whole(bytes))
        };
        page.gauges(
            "file_bytes",
            "The size of each file of the data directory.",
            operations.files.iter().map(size).collect(),
        )?;
        if let Some(free) = operations.disk_free() {
            page.gauge(
                "disk_free_bytes",
                "What the data directory's file system has left for this user.",
                whole(free),
            )?;
        }
        if let Some(bytes) = resident() {
            page.gauge("resident_memory_bytes", "The memory of the process.", whole(bytes))?;
        }
        match operations.served.get() {
            Some(served) => {
                ledger(&mut page, served)?;
                webhooks::encode(&mut page, &operations.webhooks)?;
                http(&mut page, served)
            }
            None => Ok(()),
        }
    }
}

fn ledger(page: &mut Page<'_>, served: &Served) -> fmt::Result {
    let (writer, live, now) = (&served.writer, served.writer.live(), served.clock.now());
    let figures = writer.figures();
    page.gauge("writer_waiting_requests", "Requests in the writer's queue.", whole(writer.waiting()))?;
    page.sizes("writer_batch_requests", "Requests that one commit took.", &figures.batches)?;
    page.times("writer_commit_seconds", "How long COMMIT took, which writes and syncs the log.", &figures.commits)?;
    page.counter("writer_failed_commits", "Batches that could not be committed.", figures.failed_commits.get())?;
    page.gauge("writer_failing", "1 while the last commit failed, else 0.", i64::from(writer.failing()))?;
    page.gauge("log_events", "The last committed event.", live.progress().head().get())?;
    page.gauge("projector_lag_events", "Events that views.db does not reflect yet.", live.progress().lag())?;
    let behind = live.progress().behind_for();
    page.seconds(
        "projector_lag_seconds",
        "How long views.db has not moved while it was behind; 0 when it is level.",
        behind,
    )?;
    page.gauge("cards_in_memory", "Cards in memory.", whole(live.cards_held()))?;
    page.gauge("cards_memory_bytes", "The memory that they take.", whole(live.cards_cost()))?;
    let newest = live.directory().checkpoints.newest.as_ref().map(|newest| (newest.size.get(), newest.at));
    let covered = newest.map_or(0, |(size, _)| size);
    let uncovered = (live.progress().head().get() - covered).max(0);
    page.gauge("checkpoint_uncovered_events", "Events that no signed checkpoint covers yet.", uncovered)?;
    if let Some((_, at)) = newest {
        page.seconds(
            "checkpoint_age_seconds",
            "The age of the newest signed checkpoint.",
            since(now.micros(), at.micros()),
        )?;
    }
    page.counter("expired_cards", "Cards on which the expiry job wrote something off.", figures.expired_cards.get())?;
    let interrupted = figures.expiry_interruptions.get();
    page.counter("expiry_interruptions", "Passes of the expiry job that ended early.", interrupted)?;
    if let at @ 1.. = figures.expiry_passed_at.load(Ordering::Relaxed) {
        let age = since(now.micros(), at);
        page.seconds("expiry_age_seconds", "How long ago the expiry job last ended a pass.", age)?;
    }
    backups(page, &figures.backups, now.micros())
}

fn backups(page: &mut Page<'_>, figures: &BackupFigures, now: i64) -> fmt::Result {
    if !figures.planned.load(Ordering::Relaxed) {
        return Ok(());
    }
    page.counter("backup_failures", "Backups that could not be made.", figures.failures.get())?;
    let failing = i64::from(figures.failing.load(Ordering::Relaxed));
    page.gauge("backup_failing", "1 while the last attempt at a backup failed, else 0.", failing)?;
    let at @ 1.. = figures.made_at.load(Ordering::Relaxed) else { return Ok(()) };
    page.seconds("backup_age_seconds", "The age of the newest good backup.", since(now, at))?;
    page.gauge("backup_events", "The last event in the newest good backup.", figures.events.load(Ordering::Relaxed))
}

fn http(page: &mut Page<'_>, served: &Served) -> fmt::Result {
    let figures: &HttpFigures = &served.figures;
    page.gauge("http_connections", "Open connections.", whole(figures.connections.open()))?;
    page.gauge("http_streams", "Streams of the log under way.", whole(served.feeds.open()))?;
    let errors = figures.errors.lock().iter().map(|(code, count)| ([("code", (*code).to_owned())], *count)).collect();
    page.counters("http_errors", "Requests that were refused or failed, by their code.", errors)?;
    let routes: Vec<_> = {
        let routes = figures.routes.lock();
        routes.iter().map(|((route, method), figures)| (route.clone(), *method, Arc::clone(figures))).collect()
    };
    let labels = |route: &str, method: &str| [("route", route.to_owned()), ("method", method.to_owned())];
    let mut answered = Vec::new();
    for (route, method, figures) in &routes {
        let [route_label, method_label] = labels(route, method);
        for (status, counter) in STATUSES.into_iter().zip(&figures.statuses).filter(|(_, counter)| counter.get() > 0) {
            let status = if status == 0 { "other".to_owned() } else { status.to_string() };
            answered.push(([route_label.clone(), method_label.clone(), ("status", status)], counter.get()));
        }
    }
    page.counters("http_requests", "Requests that were answered.", answered)?;
    let name = "http_request_seconds";
    let mut family = page.0.encode_descriptor(
        name,
        "How long answers took, up to the first byte of their body.",
        None,
        MetricType::Histogram,
    )?;
    for (route, method, figures) in &routes {
        encode_times(family.encode_family(&labels(route, method))?, &figures.times)?;
    }
    Ok(())
}

/// What is written to.
pub(super) struct Page<'e>(DescriptorEncoder<'e>);

pub(super) type Labels<const N: usize> = [(&'static str, String); N];

impl Page<'_> {
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: i64) -> fmt::Result {
        ConstGauge::new(value).encode(self.0.encode_descriptor(name, help, None, MetricType::Gauge)?)
    }

    fn seconds(&mut self, name: &str, help: &str, value: Duration) -> fmt::Result {
        let value = ConstGauge::new(value.as_secs_f64());
        value.encode(self.0.encode_descriptor(name, help, None, MetricType::Gauge)?)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        ConstCounter::new(value).encode(self.0.encode_descriptor(name, help, None, MetricType::Counter)?)
    }

    pub(super) fn gauges<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: Vec<(Labels<N>, i64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        values.iter().try_for_each(|(labels, value)| ConstGauge::new(*value).encode(family.encode_family(labels)?))
    }

    pub(super) fn counters<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: Vec<(Labels<N>, u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        values.iter().try_for_each(|(labels, value)| ConstCounter::new(*value).encode(family.encode_family(labels)?))
    }

    pub(super) fn times<const N: usize>(&mut self, name: &str, help: &str, times: &Histogram<N>) -> fmt::Result {
        encode_times(self.0.encode_descriptor(name, help, None, MetricType::Histogram)?, times)
    }

    fn sizes<const N: usize>(&mut self, name: &str, help: &str, sizes: &Histogram<N>) -> fmt::Result {
        // Exact up to 2^53, which no count reaches.
        let number = |whole: u64| Duration::from_secs(whole).as_secs_f64();
        encode_histogram(self.0.encode_descriptor(name, help, None, MetricType::Histogram)?, sizes, number)
    }
}

fn encode_times<const N: usize>(encoder: MetricEncoder<'_>, times: &Histogram<N>) -> fmt::Result {
    encode_histogram(encoder, times, |micros| Duration::from_micros(micros).as_secs_f64())
}

fn encode_histogram<const N: usize>(
    mut encoder: MetricEncoder<'_>,
    histogram: &Histogram<N>,
    number: impl Fn(u64) -> f64,
) -> fmt::Result {
    let mut buckets: Vec<(f64, u64)> = histogram.within().map(|(bound, count)| (number(bound), count)).collect();
    buckets.push((f64::MAX, histogram.above()));
    let count = buckets.iter().map(|(_, count)| count).sum();
    encoder.encode_histogram::<NoLabelSet>(number(histogram.sum()), count, &buckets, None)
}

fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

fn since(now: i64, then: i64) -> Duration {
    Duration::from_micros(u64::try_from(now.saturating_sub(then)).unwrap_or(0))
}

/// The resident set of this process, in bytes. The second number of statm, in pages of 4 KiB.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(4_096)
}
