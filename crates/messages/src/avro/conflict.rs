//! Why our schema does not go with another.

use apache_avro::{Schema, schema_compatibility::SchemaCompatibility};

use super::{plan::Plan, schema::AVRO_SCHEMA};

/// Why what was written with another schema cannot be read as one of ours, a phrase that names the
/// field; `None` where it can.
pub fn avro_conflict(other: &str) -> Option<String> {
    if let Err(unfit) = Plan::new(other) {
        return Some(unfit.to_string());
    }
    let (ours, other) = (Schema::parse_str(AVRO_SCHEMA), Schema::parse_str(other));
    let (Ok(ours), Ok(other)) = (ours, other) else {
        return None;
    };
    let conflict = SchemaCompatibility::can_read(&other, &ours).err()?;
    Some(conflict.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_told_whoever_finds_it() {
        assert_eq!(avro_conflict(AVRO_SCHEMA), None);
        let url = AVRO_SCHEMA.replace(
            r#""name": "url", "type": "string""#,
            r#""name": "url", "type": "int""#,
        );
        let conflict = avro_conflict(&url).unwrap();
        assert!(
            conflict.starts_with("field `url`: its type is"),
            "{conflict}"
        );
        let uuid = AVRO_SCHEMA.replace(
            r#"{"type": "fixed", "name": "CheckId", "size": 16, "logicalType": "uuid"}"#,
            r#""string""#,
        );
        let conflict = avro_conflict(&uuid).unwrap();
        assert!(conflict.contains("check_id"), "{conflict}");
    }
}
