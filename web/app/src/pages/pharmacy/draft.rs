//! A prescription while it is written: what stands in the fields, kept on the server and checked
//! there a moment after each change.

use clinical_api::{
    BothText, MedicineView, PrescribedLineView, PrescriptionRequest, PrescriptionView,
};
use clinical_model::PatientId;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::words::ROUTES;
use crate::api::{self, ApiError};
use crate::browser;

/// How long a field must be left alone before the draft is kept and checked.
const QUIET_MS: u32 = 600;
/// For how many days a new prescription may be dispensed.
const VALID_DAYS: &str = "30";

/// A medicine that was chosen.
#[derive(Clone, PartialEq)]
pub(super) struct Chosen {
    pub(super) id: String,
    pub(super) name: BothText,
    pub(super) controlled: bool,
}

/// The fields of one medicine.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct LineFields {
    /// Tells lines apart while they are added and removed.
    pub(super) key: u32,
    pub(super) medicine: RwSignal<Option<Chosen>>,
    pub(super) dose: RwSignal<String>,
    pub(super) unit: RwSignal<String>,
    pub(super) route: RwSignal<String>,
    pub(super) per_day: RwSignal<String>,
    pub(super) days: RwSignal<String>,
    pub(super) quantity: RwSignal<String>,
    pub(super) repeats: RwSignal<String>,
    pub(super) indication: RwSignal<String>,
    pub(super) directions: RwSignal<String>,
}

/// A positive number, with a comma or a point.
pub(super) fn amount(text: &str) -> Option<f64> {
    let number: f64 = text.trim().replace(',', ".").parse().ok()?;
    (number.is_finite() && number > 0.0).then_some(number)
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

impl LineFields {
    fn empty(key: u32) -> Self {
        let text = |text: &str| RwSignal::new(text.to_owned());
        Self {
            key,
            medicine: RwSignal::new(None),
            dose: text(""),
            unit: text("mg"),
            route: text("oral"),
            per_day: text("1"),
            days: text(""),
            quantity: text(""),
            repeats: text("0"),
            indication: text(""),
            directions: text(""),
        }
    }

    /// The fields of a line that was written before.
    fn of(key: u32, line: &PrescribedLineView, name: &BothText, controlled: bool) -> Self {
        let it = Self::empty(key);
        it.medicine.set(Some(Chosen {
            id: line.medicine.clone(),
            name: name.clone(),
            controlled,
        }));
        it.dose.set(line.dose.to_string());
        it.unit.set(line.unit.clone());
        it.route.set(line.route.clone());
        it.per_day.set(line.per_day.to_string());
        it.days.set(line.duration_days.to_string());
        it.quantity.set(line.quantity.to_string());
        it.repeats.set(line.repeats.to_string());
        it.indication
            .set(line.indication.clone().unwrap_or_default());
        it.directions
            .set(line.directions.clone().unwrap_or_default());
        it
    }

    /// Puts a medicine in. Its dose is asked for anew: that of another medicine would be a guess.
    pub(super) fn choose(self, medicine: MedicineView) {
        let route = medicine.forms.first().map(|form| form.route.clone());
        let known = route.filter(|route| ROUTES.iter().any(|(of, _)| of == route));
        self.route.set(known.unwrap_or_else(|| "oral".to_owned()));
        self.unit.set(medicine.unit);
        self.dose.set(String::new());
        self.medicine.set(Some(Chosen {
            id: medicine.id,
            name: medicine.name,
            controlled: medicine.controlled,
        }));
    }

    /// The line, once nothing that is needed is missing; tracked.
    fn read(self) -> Option<PrescribedLineView> {
        Some(PrescribedLineView {
            medicine: self.medicine.get()?.id,
            dose: amount(&self.dose.get())?,
            unit: self.unit.get(),
            per_day: amount(&self.per_day.get())?,
            route: self.route.get(),
            duration_days: self.days.get().trim().parse().ok().filter(|&it| it > 0)?,
            quantity: self
                .quantity
                .get()
                .trim()
                .parse()
                .ok()
                .filter(|&it| it > 0)?,
            repeats: self.repeats.get().trim().parse().ok()?,
            indication: filled(&self.indication.get()),
            directions: filled(&self.directions.get()),
        })
    }
}

/// How far the server is with what stands in the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// Something that is needed is missing.
    Incomplete,
    /// On its way.
    Checking,
    /// Kept and checked as it stands.
    Checked,
    /// Not kept.
    Failed(ApiError),
}

/// A prescription that is being written.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub(super) lines: RwSignal<Vec<LineFields>>,
    pub(super) confidential: RwSignal<bool>,
    pub(super) valid_days: RwSignal<String>,
    /// The server's last answer.
    pub(super) saved: RwSignal<Option<PrescriptionView>>,
    pub(super) kept: RwSignal<Kept>,
    request: Memo<Option<PrescriptionRequest>>,
    /// What the last answer was about.
    written: StoredValue<Option<PrescriptionRequest>>,
    busy: StoredValue<bool>,
    timer: StoredValue<Option<Timeout>, LocalStorage>,
    next_key: StoredValue<u32>,
}

/// Where a draft begins: a new one for a patient, perhaps in place of a refused one, or one that was
/// written before.
pub(super) enum Origin {
    New(PatientId, Option<PrescriptionView>),
    Before(PrescriptionView),
}

impl Draft {
    pub(super) fn begin(origin: Origin) -> Self {
        let (patient, prior, source, saved) = match origin {
            Origin::New(patient, replaced) => {
                (patient, replaced.as_ref().map(|it| it.id), replaced, None)
            }
            Origin::Before(it) => (it.patient, it.prior, Some(it.clone()), Some(it)),
        };
        let fields = source.as_ref().map_or_else(Vec::new, |it| {
            let lines = it.lines.iter().zip(&it.names);
            (0_u32..)
                .zip(lines)
                .map(|(key, (line, name))| LineFields::of(key, line, name, it.controlled))
                .collect()
        });
        let count = u32::try_from(fields.len()).unwrap_or(u32::MAX);
        let lines = RwSignal::new(fields);
        let confidential = RwSignal::new(source.as_ref().is_some_and(|it| it.confidential));
        let days = source
            .as_ref()
            .map_or_else(|| VALID_DAYS.to_owned(), |it| it.valid_days.to_string());
        let valid_days = RwSignal::new(days);
        let request = Memo::new(move |_| {
            let lines: Option<Vec<_>> = lines.get().into_iter().map(LineFields::read).collect();
            Some(PrescriptionRequest {
                patient,
                lines: lines.filter(|lines| !lines.is_empty())?,
                confidential: confidential.get(),
                valid_days: valid_days.get().trim().parse().ok().filter(|&it| it > 0)?,
                prior,
                version: 0,
            })
        });
        let written = saved.as_ref().and(request.get_untracked());
        let draft = Self {
            lines,
            confidential,
            valid_days,
            saved: RwSignal::new(saved),
            kept: RwSignal::new(Kept::Incomplete),
            request,
            written: StoredValue::new(written),
            busy: StoredValue::new(false),
            timer: StoredValue::new_local(None),
            next_key: StoredValue::new(count),
        };
        if count == 0 {
            draft.add();
        }
        draft.follow();
        draft
    }

    /// One more line.
    pub(super) fn add(self) {
        let key = self.next_key.get_value();
        self.next_key.set_value(key.saturating_add(1));
        self.lines
            .update(|lines| lines.push(LineFields::empty(key)));
    }

    /// Takes a line away.
    pub(super) fn remove(self, key: u32) {
        self.lines.update(|lines| lines.retain(|it| it.key != key));
    }

    /// Keeps and checks the draft a moment after each change.
    fn follow(self) {
        Effect::new(move || {
            let wanted = self.request.get();
            let same = self.written.with_value(|written| *written == wanted);
            self.kept.set(match (&wanted, same) {
                (None, _) => Kept::Incomplete,
                (Some(_), true) => Kept::Checked,
                (Some(_), false) => Kept::Checking,
            });
            let timer =
                (wanted.is_some() && !same).then(|| Timeout::new(QUIET_MS, move || self.keep()));
            self.timer.set_value(timer);
        });
        on_cleanup(move || drop(self.timer.try_update_value(Option::take)));
    }

    /// Sends what stands in the fields, and again while it has changed meanwhile.
    pub(super) fn keep(self) {
        if self.busy.try_get_value() != Some(false) {
            return;
        }
        self.busy.set_value(true);
        spawn_local(async move {
            while let Some(wanted) = self.wanted() {
                self.kept.try_set(Kept::Checking);
                match self.send(&wanted).await {
                    Ok(view) => {
                        self.written.try_set_value(Some(wanted));
                        self.saved.try_set(Some(view));
                    }
                    Err(fault) => {
                        self.kept.try_set(Kept::Failed(fault));
                        self.busy.try_set_value(false);
                        return;
                    }
                }
            }
            self.busy.try_set_value(false);
            if matches!(self.request.try_get_untracked(), Some(Some(_))) {
                self.kept.try_set(Kept::Checked);
            }
        });
    }

    /// What is to be sent; none when nothing is missing on the server, or the page is gone.
    fn wanted(self) -> Option<PrescriptionRequest> {
        let wanted = self.request.try_get_untracked().flatten();
        wanted.filter(|wanted| {
            self.written
                .try_with_value(|written| written.as_ref() != Some(wanted))
                .unwrap_or(false)
        })
    }

    async fn send(self, wanted: &PrescriptionRequest) -> Result<PrescriptionView, ApiError> {
        match self.saved.try_get_untracked().flatten() {
            None => {
                let made = api::write_prescription(wanted).await?;
                // A reload finds the draft, and does not begin another one.
                browser::replace_path(&format!("/prescriptions/{}/edit", made.id));
                Ok(made)
            }
            Some(saved) => {
                let mut request = wanted.clone();
                request.version = saved.version;
                api::change_prescription(saved.id, &request).await
            }
        }
    }
}
