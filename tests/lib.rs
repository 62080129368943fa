//! Nothing: the package exists for its integration test binary.
