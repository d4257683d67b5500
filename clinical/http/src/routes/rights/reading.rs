//! The readable copy: one page without scripts or other files, to be read, kept or printed.

use core::fmt::Write as _;

use clinical_app::rights::Dossier;
use clinical_model::Micros;
use clinical_model::chart::{EntryStatus, Fact, Kind};
use clinical_model::notify::Language;
use serde_json::Value;

use super::words::{act, pick, word};

const STYLE: &str = "body{font:1.06rem/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;\
    padding:0 1rem;color:#1b1f24;background:#fff}h1{line-height:1.2}h2{margin-top:2.5rem;\
    border-bottom:2px solid #0b6b57}li{margin:.4rem 0}ul{padding-left:1.2rem}\
    .said{white-space:pre-wrap}.gone{text-decoration:line-through}small{color:#4a5560}\
    a{color:#0b5c4b}@media print{body{margin:0;max-width:none}h2{break-after:avoid}\
    li{break-inside:avoid}}";

/// Fields of facts that say nothing to a reader, or are said elsewhere.
const UNSAID: [&str; 4] = ["kind", "blob", "sha256", "system"];

/// Writes the page.
pub(super) fn page(dossier: &Dossier, language: Language) -> String {
    let mut page = Page {
        html: String::new(),
        dossier,
        language,
    };
    page.head();
    page.person();
    page.facts();
    page.visits();
    page.prescriptions();
    page.threads();
    page.rights();
    page.requests();
    page.looks();
    page.html.push_str("</main></body></html>\n");
    page.html
}

struct Page<'a> {
    html: String,
    dossier: &'a Dossier,
    language: Language,
}

/// A text as HTML.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

impl Page<'_> {
    const fn say(&self, fr: &'static str, en: &'static str) -> &'static str {
        pick(self.language, fr, en)
    }

    /// What stands between a label and what it labels.
    const fn colon(&self) -> &'static str {
        self.say("\u{a0}: ", ": ")
    }

    fn when(&self, at: Micros) -> String {
        safe(&self.dossier.when(at, self.language))
    }

    fn word(&self, stored: &str) -> String {
        safe(word(self.language, stored))
    }

    fn title(&mut self, text: &str) {
        self.put(format_args!("<h2>{}</h2>\n", safe(text)));
    }

    fn put(&mut self, text: core::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.html.write_fmt(text);
    }

    /// A list, or a sentence that there is nothing.
    fn list(&mut self, items: &[String]) {
        if items.is_empty() {
            let nothing = self.say("Rien.", "Nothing.");
            self.put(format_args!("<p>{nothing}</p>\n"));
            return;
        }
        self.html.push_str("<ul>\n");
        for item in items {
            self.put(format_args!("<li>{item}</li>\n"));
        }
        self.html.push_str("</ul>\n");
    }

    fn head(&mut self) {
        let title = self.say("Mon dossier médical", "My medical record");
        let made = self.when(self.dossier.made);
        let facility = safe(&self.dossier.facility.name);
        let name = safe(&self.dossier.patient.demographics.full_name());
        let tag = self.language.as_str();
        let intro = self.say(
            "Tout ce que l’établissement sait de vous, à ce moment. Ce fichier est confidentiel : gardez-le en lieu sûr.",
            "Everything that the facility knows of you at this time. This file is confidential: keep it in a safe place.",
        );
        self.put(format_args!(
            "<!DOCTYPE html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head><body><main>\n\
             <h1>{title}</h1>\n<p><strong>{name}</strong><br>{facility}<br>{made}</p>\n\
             <p>{intro}</p>\n"
        ));
    }

    fn person(&mut self) {
        let title = self.say("Qui je suis", "Who I am");
        self.title(title);
        let who = &self.dossier.patient.demographics;
        let birth = who.birth.as_ref().map(|it| it.as_str());
        let sex = serde_json::to_value(who.sex).unwrap_or_default();
        let mut rows = vec![(self.say("Nom", "Name"), who.full_name())];
        rows.extend(birth.map(|it| (self.say("Naissance", "Born"), it.to_owned())));
        let sex = word(self.language, sex.as_str().unwrap_or_default()).to_owned();
        rows.push((self.say("Sexe", "Sex"), sex));
        for phone in &who.phones {
            rows.push((
                self.say("Téléphone", "Telephone"),
                phone.as_str().to_owned(),
            ));
        }
        if let Some(email) = &who.email {
            rows.push(("E-mail", email.as_str().to_owned()));
        }
        if let Some(address) = &who.address {
            let parts = [
                &address.line,
                &address.city,
                &address.region,
                &address.country,
            ];
            let parts: Vec<&str> = parts.into_iter().flatten().map(|it| it.as_str()).collect();
            rows.push((self.say("Adresse", "Address"), parts.join(", ")));
        }
        for id in &who.identifiers {
            rows.push((self.say("Numéro", "Number"), id.value.as_str().to_owned()));
        }
        if let Some(contact) = &who.emergency {
            let text = format!("{} {}", contact.name.as_str(), contact.phone.as_str());
            rows.push((self.say("En cas d’urgence", "In an emergency"), text));
        }
        let items: Vec<String> = rows
            .into_iter()
            .map(|(label, text)| format!("{label}{}{}", self.colon(), safe(&text)))
            .collect();
        self.list(&items);
    }

    fn facts(&mut self) {
        for kind in Kind::ALL {
            let title = match kind {
                Kind::Condition => self.say("Maladies", "Conditions"),
                Kind::Allergy => self.say("Allergies", "Allergies"),
                Kind::Medication => self.say("Médicaments pris", "Medicines I take"),
                Kind::Observation => self.say("Mesures et résultats", "Measurements and results"),
                Kind::Immunization => self.say("Vaccins", "Vaccinations"),
                Kind::FamilyHistory => self.say("Maladies dans la famille", "Family history"),
                Kind::Procedure => self.say("Actes", "Procedures"),
                Kind::Document => self.say("Documents", "Documents"),
                Kind::Note => self.say("Notes", "Notes"),
            };
            self.title(title);
            let of_kind = |it: &&clinical_app::exchange::Written| it.entry.fact.kind() == kind;
            let items: Vec<String> = self
                .dossier
                .entries
                .iter()
                .filter(of_kind)
                .map(|it| self.fact(&it.entry))
                .collect();
            self.list(&items);
        }
    }

    fn fact(&self, entry: &clinical_model::chart::Entry) -> String {
        let value = serde_json::to_value(&entry.fact).unwrap_or_default();
        let said = self.value(&value);
        let when = self.when(entry.effective);
        let (open, close) = match entry.status {
            EntryStatus::Active => ("<span class=\"said\">", "</span>".to_owned()),
            EntryStatus::EnteredInError => {
                let why = self.say("écrit par erreur", "entered in error");
                ("<span class=\"said gone\">", format!("</span> ({why})"))
            }
        };
        let file = match &entry.fact {
            Fact::Document(document) => super::packing::name_of(document)
                .map(|name| format!(" <a href=\"{name}\">{}</a>", self.say("fichier", "file"))),
            _ => None,
        };
        let file = file.unwrap_or_default();
        format!("{open}{said}{close}{file}<br><small>{when}</small>")
    }

    /// A value of a fact in words, as HTML.
    fn value(&self, value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::Bool(it) => self.word(if *it { "true" } else { "false" }),
            Value::Number(it) => it.to_string(),
            Value::String(it) => self.word(it),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|it| self.value(it)).collect();
                items.join("; ")
            }
            Value::Object(fields) => {
                if let Some(Value::String(display)) = fields.get("display") {
                    return safe(display);
                }
                if let (2, Some(Value::String(number)), Some(Value::String(unit))) =
                    (fields.len(), fields.get("value"), fields.get("unit"))
                {
                    let unit = if unit == "1" { "" } else { unit.as_str() };
                    return format!("{} {}", safe(number), safe(unit))
                        .trim_end()
                        .to_owned();
                }
                let parts: Vec<String> = fields
                    .iter()
                    .filter(|(name, _)| !UNSAID.contains(&name.as_str()))
                    .map(|(name, it)| {
                        format!("{}{}{}", self.word(name), self.colon(), self.value(it))
                    })
                    .collect();
                parts.join(", ")
            }
        }
    }

    fn visits(&mut self) {
        let title = self.say("Rendez-vous et consultations", "Appointments and visits");
        self.title(title);
        let items: Vec<String> = self
            .dossier
            .visits
            .iter()
            .map(|it| {
                let appointment = &it.record.appointment;
                let mut item = format!(
                    "{}, {} ({})",
                    self.when(appointment.slot.start),
                    safe(&it.record.doctor.name),
                    self.word(appointment.state.stage().as_str())
                );
                let reason = appointment.reason.as_str();
                if !reason.is_empty() {
                    let label = self.say("Motif", "Reason");
                    let _ = write!(item, "<br>{label}{}{}", self.colon(), safe(reason));
                }
                if let Some(note) = &it.note {
                    let label = self.say("Compte rendu", "Note");
                    let text = safe(note.expose());
                    let _ = write!(item, "<br>{label}<div class=\"said\">{text}</div>");
                }
                for (at, from, text) in &it.chat {
                    let (from, text) = (safe(from.expose()), safe(text.expose()));
                    let at = self.when(*at);
                    let _ = write!(
                        item,
                        "<br>{from}: <span class=\"said\">{text}</span> <small>{at}</small>"
                    );
                }
                item
            })
            .collect();
        self.list(&items);
    }

    fn prescriptions(&mut self) {
        let title = self.say("Ordonnances", "Prescriptions");
        self.title(title);
        let items: Vec<String> = self
            .dossier
            .prescriptions
            .iter()
            .map(|it| {
                let content = &it.prescription.content;
                let names: Vec<String> = content
                    .lines
                    .iter()
                    .map(|line| {
                        let days = line.line.duration_days.unwrap_or(0);
                        let said = self.say("jours", "days");
                        format!(
                            "{} ({}, {days} {said})",
                            safe(line.name.as_str()),
                            line.quantity
                        )
                    })
                    .collect();
                let at = it.prescription.signed.unwrap_or(it.prescription.created);
                format!(
                    "{} ({})<br><small>{}, {}</small>",
                    names.join("; "),
                    self.word(it.prescription.stage.as_str()),
                    safe(&it.prescriber),
                    self.when(at)
                )
            })
            .collect();
        self.list(&items);
    }

    fn threads(&mut self) {
        let title = self.say("Messages", "Messages");
        self.title(title);
        let items: Vec<String> = self
            .dossier
            .threads
            .iter()
            .map(|it| {
                let subject = safe(it.thread.subject.as_str());
                let names = safe(&it.names.join(", "));
                let mut item = format!("<strong>{subject}</strong> ({names})");
                for said in &it.said {
                    let (from, text) = (safe(&said.name), safe(said.message.text.as_str()));
                    let at = self.when(said.message.at);
                    let _ = write!(
                        item,
                        "<br>{from}{}<span class=\"said\">{text}</span> <small>{at}</small>",
                        self.colon()
                    );
                }
                item
            })
            .collect();
        self.list(&items);
    }

    fn rights(&mut self) {
        let title = self.say("Qui peut voir mon dossier", "Who may see my record");
        self.title(title);
        let around = self.say(
            "Les médecins voient le dossier autour d’un rendez-vous. S’y ajoutent\u{a0}:",
            "Doctors see the record around an appointment. Besides:",
        );
        self.put(format_args!("<p>{around}</p>\n"));
        let until = self.say("jusqu’au", "until");
        let team = self.dossier.team.iter();
        let team =
            team.map(|(it, name)| format!("{}, {until} {}", safe(name), self.when(it.until)));
        let proxies = self.dossier.proxies.iter().map(|(it, name)| {
            format!(
                "{} ({}, {}), {until} {}",
                safe(name),
                self.word(it.relation.as_str()),
                self.word(it.scope.as_str()),
                self.when(it.until)
            )
        });
        let items: Vec<String> = team.chain(proxies).collect();
        self.list(&items);
        let title = self.say("Ce que j’ai accepté", "What I agreed to");
        self.title(title);
        let items: Vec<String> = self
            .dossier
            .consents
            .iter()
            .map(|it| {
                let end = match it.withdrawn {
                    Some(at) => format!("{} {}", self.say("retiré", "taken back"), self.when(at)),
                    None => format!("{until} {}", self.when(it.until)),
                };
                let what = self.word(it.purpose.as_str());
                format!("{what}, {}; {end}", self.when(it.given))
            })
            .collect();
        self.list(&items);
    }

    fn requests(&mut self) {
        let title = self.say("Mes demandes", "What I asked for");
        self.title(title);
        let items: Vec<String> = self
            .dossier
            .requests
            .iter()
            .map(|it| {
                let text = it.text.as_ref().map_or("", |text| text.as_str());
                let answer = it.answer.as_ref().map_or("", |text| text.as_str());
                format!(
                    "{} ({}), {}<div class=\"said\">{}</div><div class=\"said\">{}</div>",
                    self.word(it.kind.as_str()),
                    self.word(it.state.as_str()),
                    self.when(it.asked),
                    safe(text),
                    safe(answer)
                )
            })
            .collect();
        self.list(&items);
    }

    fn looks(&mut self) {
        let title = self.say("Qui a regardé mon dossier", "Who looked at my record");
        self.title(title);
        let items: Vec<String> = self
            .dossier
            .looks
            .iter()
            .map(|it| {
                let who = match &it.person {
                    Some((_, name, role)) => format!("{} ({})", safe(name), self.word(role)),
                    None => self.word(&it.actor_kind),
                };
                let did = act(self.language, &it.action);
                format!("{who} {did}<br><small>{}</small>", self.when(it.at))
            })
            .collect();
        self.list(&items);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_text_and_never_markup() {
        assert_eq!(
            safe("<script>alert('x')</script> & \"y\""),
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"
        );
    }
}
