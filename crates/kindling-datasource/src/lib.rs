//! Files and formats: listing, splitting, reading and writing.
