//! What records are in the topic.

use service::{
    registry::RegistrySettings,
    settings::{Reader, Setting},
};

const VALUE_FORMAT: Setting = Setting::with_default(
    "VALUE_FORMAT",
    "json",
    "what records are in the topic: json, or avro, which needs SCHEMA_REGISTRY_URL",
);

/// The registry of Avro's schemas; `None` where records are JSON.
pub(super) fn read_registry(reader: &mut Reader) -> Option<RegistrySettings> {
    let is_avro = reader.choice(&VALUE_FORMAT, &[("json", false), ("avro", true)]);
    let registry = RegistrySettings::read(reader);
    if is_avro && !RegistrySettings::is_set(reader) {
        RegistrySettings::is_needed(reader, "VALUE_FORMAT=avro");
    }
    registry.filter(|_| is_avro)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn avro_needs_a_registry() {
        let read = |pairs: &[(&str, &str)]| {
            let mut reader = Reader::from_pairs(pairs);
            let registry = read_registry(&mut reader);
            reader
                .finish(registry.is_some())
                .map_err(|it| it.to_string())
        };
        let url = ("SCHEMA_REGISTRY_URL", "http://registry:8081");
        assert_eq!(read(&[]), Ok(false));
        assert_eq!(read(&[url]), Ok(false));
        assert_eq!(read(&[("VALUE_FORMAT", "Avro"), url]), Ok(true));
        let without = read(&[("VALUE_FORMAT", "avro")]).unwrap_err();
        assert_eq!(
            without,
            "SCHEMA_REGISTRY_URL: is not set, and VALUE_FORMAT=avro needs it"
        );
    }
}
