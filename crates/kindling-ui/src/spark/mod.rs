//! The Spark panel: Spark's own pages over an `AppStatusStore`.
//!
//! The shell (`shell/spark_dock.rs`) draws the section, its grip and its head, and below them one `SparkPanel`, which draws
//! the tab row and the page. Events reach the panel through `SparkFeed::push`, in order, parsed once; links in the notebook
//! set `SparkFeed::route`.
//!
//! Tables are Leptos nodes that are patched in place, so that scrolling and focus survive an update. Graphs and timelines
//! are text made by pure functions (`dag.rs`, `plan_svg.rs`, `timeline.rs`), every foreign word escaped; a click in them finds
//! its way by `data-go`, for which the panel listens once.

pub mod dag;
pub mod feed;
pub mod html;
pub mod lanes;
pub mod layout;
pub mod open_log;
pub mod pages;
pub mod panel;
pub mod plan_diff;
pub mod plan_svg;
pub mod plan_text;
pub mod route;
pub mod skew;
pub mod table;
pub mod timeline;
pub mod widgets;

pub use feed::SparkFeed;
pub use open_log::OpenEventLog;
pub use panel::SparkPanel;
pub use route::SparkRoute;
