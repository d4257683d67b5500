//! Checks of symptoms: of somebody with a record, or of a visitor who has none.

use clinical_api::{
    AppointmentView, AttachRequest, ClaimRequest, ClinicalTriageView, ComplaintRequest,
    EvaluatedView, FeedbackRequest, InterviewBriefView, InterviewRequest, InterviewView,
    LanguageRequest, NoteTakenView, TakeOverRequest, TriageAnswerRequest, TriageFiguresView,
    TriageInfoView, TriageSettingsRequest, TriageSettingsView, VisitorRequest,
};
use clinical_model::triage::InterviewLanguage;
use clinical_model::{AppointmentId, InterviewId, PatientId};
use serde::Serialize;

use super::client::{
    ApiError, delete_open, get, get_open, post, post_done, post_open, post_with, put_with,
};
use crate::i18n::{Lang, lang_now};

/// Whose interview it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Of a record; the session says whose.
    Own(InterviewId),
    /// Of a visitor; a cookie says which.
    Visitor,
}

impl Check {
    fn path(self, tail: &str) -> String {
        match self {
            Self::Own(id) => format!("/triage/interviews/{id}{tail}"),
            Self::Visitor => format!("/triage/visitor{tail}"),
        }
    }

    async fn step<B: Serialize>(self, tail: &str, body: &B) -> Result<InterviewView, ApiError> {
        match self {
            Self::Own(_) => post_with(&self.path(tail), body).await,
            Self::Visitor => post_open(&self.path(tail), body).await,
        }
    }

    /// `GET`: as it stands.
    pub async fn resume(self) -> Result<InterviewView, ApiError> {
        match self {
            Self::Own(_) => get(&self.path("")).await,
            Self::Visitor => get_open(&self.path("")).await,
        }
    }

    /// `POST .../complaint`
    pub async fn complain(self, text: String) -> Result<InterviewView, ApiError> {
        self.step("/complaint", &ComplaintRequest { text }).await
    }

    /// `POST .../answers`
    pub async fn answer(self, request: TriageAnswerRequest) -> Result<InterviewView, ApiError> {
        self.step("/answers", &request).await
    }

    /// `POST .../back`
    pub async fn back(self) -> Result<InterviewView, ApiError> {
        self.step("/back", &()).await
    }

    /// `POST .../language`
    pub async fn speak(self, language: InterviewLanguage) -> Result<InterviewView, ApiError> {
        self.step("/language", &LanguageRequest { language }).await
    }

    /// `POST .../finish`
    pub async fn finish(self) -> Result<InterviewView, ApiError> {
        self.step("/finish", &()).await
    }
}

/// A language of the pages as the API calls it.
#[must_use]
pub const fn spoken(lang: Lang) -> InterviewLanguage {
    match lang {
        Lang::En => InterviewLanguage::English,
        Lang::Fr => InterviewLanguage::French,
    }
}

/// `GET /triage/info`
pub async fn triage_info() -> Result<TriageInfoView, ApiError> {
    get_open("/triage/info").await
}

/// `POST /triage/interviews`
pub async fn begin_interview(request: &InterviewRequest) -> Result<InterviewView, ApiError> {
    post_with("/triage/interviews", request).await
}

/// `POST /triage/visitor`
pub async fn begin_visitor(request: &VisitorRequest) -> Result<InterviewView, ApiError> {
    post_open("/triage/visitor", request).await
}

/// `DELETE /triage/visitor`
pub async fn forget_visitor() -> Result<(), ApiError> {
    delete_open("/triage/visitor").await
}

/// `POST /triage/claim`
pub async fn claim_interview(patient: Option<PatientId>) -> Result<InterviewView, ApiError> {
    post_with("/triage/claim", &ClaimRequest { patient }).await
}

/// `GET /triage/interviews`, one's own or those of a patient.
pub async fn interviews(patient: Option<PatientId>) -> Result<Vec<InterviewBriefView>, ApiError> {
    match patient {
        Some(patient) => get(&format!("/triage/interviews?patient={patient}")).await,
        None => get("/triage/interviews").await,
    }
}

/// `POST /triage/interviews/{id}/on-call`
pub async fn see_on_call(id: InterviewId) -> Result<AppointmentView, ApiError> {
    post(&format!("/triage/interviews/{id}/on-call")).await
}

/// `POST /triage/interviews/{id}/appointment`
pub async fn attach_interview(
    id: InterviewId,
    appointment: AppointmentId,
) -> Result<InterviewView, ApiError> {
    let path = format!("/triage/interviews/{id}/appointment");
    post_with(&path, &AttachRequest { appointment }).await
}

/// `GET /appointments/{id}/triage`
pub async fn triage_of(
    appointment: AppointmentId,
    lang: Lang,
) -> Result<Vec<ClinicalTriageView>, ApiError> {
    let tag = lang.tag();
    get(&format!(
        "/appointments/{appointment}/triage?language={tag}"
    ))
    .await
}

/// `GET /triage/interviews/{id}/clinical`
pub async fn clinical_interview(
    id: InterviewId,
    lang: Lang,
) -> Result<ClinicalTriageView, ApiError> {
    let tag = lang.tag();
    get(&format!("/triage/interviews/{id}/clinical?language={tag}")).await
}

/// `POST /triage/interviews/{id}/feedback`
pub async fn judge_interview(id: InterviewId, request: &FeedbackRequest) -> Result<(), ApiError> {
    let path = format!("/triage/interviews/{id}/feedback");
    post_done(&path, request).await
}

/// `POST /triage/interviews/{id}/note`
pub async fn take_interview_over(id: InterviewId) -> Result<NoteTakenView, ApiError> {
    let request = TakeOverRequest {
        language: spoken(lang_now()),
    };
    post_with(&format!("/triage/interviews/{id}/note"), &request).await
}

/// `GET /triage/figures`
pub async fn triage_figures() -> Result<TriageFiguresView, ApiError> {
    get("/triage/figures").await
}

/// `GET /triage/evaluation`
pub async fn triage_evaluation() -> Result<EvaluatedView, ApiError> {
    get("/triage/evaluation").await
}

/// `GET /triage/settings`
pub async fn triage_settings() -> Result<TriageSettingsView, ApiError> {
    get("/triage/settings").await
}

/// `PUT /triage/settings`
pub async fn put_triage_settings(
    request: &TriageSettingsRequest,
) -> Result<TriageSettingsView, ApiError> {
    put_with("/triage/settings", request).await
}
