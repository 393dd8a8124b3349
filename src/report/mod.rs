//! How it is told: one pure renderer per format.
