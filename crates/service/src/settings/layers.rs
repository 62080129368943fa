//! The environment over `.env`.

use config::{Config, Environment, Map};

/// Values by name, of which a later layer's come first. An empty one counts as unset. Nothing is made
/// of a text: the topic `007` is not the number 7.
pub(super) fn layers(layers: [Map<String, String>; 2], problems: &mut Vec<String>) -> Config {
    let whole = layers.into_iter().fold(Config::builder(), |below, layer| {
        let layer = Environment::default().source(Some(layer));
        below.add_source(layer.ignore_empty(true))
    });
    whole.build().unwrap_or_else(|error| {
        problems.push(format!("reading the environment: {error}"));
        Config::default()
    })
}
