use clinical_api::{ChartView, EntryView, PatientView, TimelineItem, TimelineView};
use clinical_model::PatientId;
use clinical_model::chart::Kind;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::remote::Remote;

/// What a dialog asks.
#[derive(Clone, PartialEq)]
pub(super) enum Asking {
    Add,
    Amend(EntryView),
    Strike(EntryView),
    Versions(EntryView),
}

/// The part of the timeline that is shown, and how to go on.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) items: RwSignal<Vec<TimelineItem>>,
    pub(super) next: RwSignal<Option<String>>,
    pub(super) loading: RwSignal<bool>,
    pub(super) fault: RwSignal<Option<ApiError>>,
    pub(super) kind: RwSignal<String>,
    pub(super) tag: RwSignal<String>,
}

/// One record on a page; its parts share it.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) id: PatientId,
    pub(super) patient: Remote<PatientView>,
    pub(super) chart: Remote<ChartView>,
    pub(super) documents: Remote<Vec<EntryView>>,
    pub(super) line: Line,
    pub(super) asking: RwSignal<Option<Asking>>,
}

impl Record {
    pub(super) fn open(id: PatientId) -> Self {
        let record = Self {
            id,
            patient: Remote::new(move || api::patient(id)),
            chart: Remote::new(move || api::chart(id)),
            documents: Remote::new(move || api::documents(id)),
            line: Line {
                items: RwSignal::new(Vec::new()),
                next: RwSignal::new(None),
                loading: RwSignal::new(true),
                fault: RwSignal::new(None),
                kind: RwSignal::new(String::new()),
                tag: RwSignal::new(String::new()),
            },
            asking: RwSignal::new(None),
        };
        record.load_line(None);
        record
    }

    /// Shows what was changed.
    pub(super) fn changed(self) {
        self.chart.reload();
        self.documents.reload();
        self.load_line(None);
    }

    /// Loads a page of the timeline; the first one replaces what is shown.
    pub(super) fn load_line(self, after: Option<String>) {
        let line = self.line;
        let (kind, tag) = (line.kind.get_untracked(), line.tag.get_untracked());
        line.loading.set(true);
        spawn_local(async move {
            let is_first = after.is_none();
            let page = api::timeline(self.id, (&kind, &tag), after).await;
            // Another filter may have been chosen meanwhile, or the page be gone.
            let is_asked = line.kind.try_get_untracked() == Some(kind)
                && line.tag.try_get_untracked() == Some(tag);
            if !is_asked {
                return;
            }
            line.loading.try_set(false);
            match page {
                Ok(TimelineView { items, next }) => {
                    line.fault.try_set(None);
                    line.items.try_update(|shown| {
                        if is_first {
                            shown.clear();
                        }
                        shown.extend(items);
                    });
                    line.next.try_set(next);
                }
                Err(fault) => {
                    line.fault.try_set(Some(fault));
                }
            }
        });
    }

    /// Whether entries of this kind may be written; tracked.
    pub(super) fn may_write(self, kind: Kind) -> bool {
        self.patient
            .value()
            .is_some_and(|patient| patient.writable.contains(&kind))
    }
}
