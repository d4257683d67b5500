//! Request and view types of the clinical HTTP API, shared by browser and server.
//!
//! Everything is under [`BASE`]. Requests refuse unknown fields; answers may grow. Instants are
//! Unix microseconds, UTC (`*_us`); zones are IANA names. Every error is an RFC 9457 [`Problem`].
//!
//! This crate exists to forbid imports: it compiles to wasm and knows no server.

mod access;
mod account;
mod admin;
mod assistant;
mod auth;
mod booking;
mod calendar;
mod lab_queue;
mod medicines;
mod nodes;
mod notify;
mod people;
mod prescriptions;
mod problem;
mod recordings;
mod records;
mod results;
mod rights;
mod shape;
mod statistics;
mod telephone;
mod threads;
mod triage;
mod visits;
mod waiting;

pub use access::{
    BreakGlassRequest, BreakGlassView, ChargeView, ConsentRequest, ConsentView, EmergencyView,
    LookView, LooksView, ProxyRequest, ProxyView, ReviewRequest, RunningEmergencyView,
    TeamMemberView, TeamRequest,
};
pub use account::{
    CeremonyView, ConfirmAppRequest, FactorView, FactorsView, LoginView, NewAppRequest, NewAppView,
    NewPasskeyRequest, PasskeySignInRequest, PasswordRequest, ProofRequest, RecoveryCodesView,
    SecondFactorRequest, SecondStepView, SessionView, SetPasswordRequest, TicketRequest,
    TicketText,
};
pub use admin::ObserveTicket;
pub use assistant::{AssistantRequest, SaidKind, SaidView, TalkLineView, TalkView};
pub use auth::{LoginRequest, Me, Token};
pub use booking::{
    AppointmentState, AppointmentView, BookRequest, DoctorView, GuestBrief, HoursView, JoinLink,
    RescheduleRequest, SlotView, SlotsView, WeeklyHours,
};
pub use calendar::{
    AwayKind, AwayView, BookHeldRequest, CalendarAppointmentView, CalendarBy, CalendarColumnView,
    CalendarEntryView, CalendarView, FeedView, HoldRequest, HoldView, HolidayView, HolidaysView,
    NewFeedView, OpeningView, OverbookBecause, OverbookRequest, PlanExceptionView, PlanRuleView,
    PlanView, ResourceRequest, ResourceView, ServiceBrief, ServiceRequest, ServiceView, SpanView,
};
pub use lab_queue::{
    CandidateOrderView, DiscardUnmatchedRequest, FileUnmatchedRequest, FiledView, FitsView,
    LabCandidateView, SentLineView, SentPersonView, UnmatchedView,
};
pub use medicines::{
    DueDoseView, MedicationPlanView, MedicationReminderRequest, MedicationReminderView,
    PlannedMedicineView, RecordedMedicineView,
};
pub use nodes::{NodeStateView, NodeView, NodesView};
pub use notify::{
    DeliveriesView, DeliveryView, NotifySettingsRequest, NotifySettingsView, SmsRequest,
    SmsTemplate,
};
pub use people::{
    ChangePersonRequest, EmailText, GraceRequest, NewPersonRequest, NewPersonView,
    PasswordLinkView, PersonDetails, PersonView,
};
pub use prescriptions::{
    BothText, DispenseRequest, DocumentVerdictView, FactView, FillView, FindingView,
    MedicineFormView, MedicineView, OverrideRequest, PaperView, PrescribedLineView,
    PrescriptionCheckView, PrescriptionRequest, PrescriptionView, ReasonView, RefusalTimesView,
    RefusalView, RefuseRequest, SaferView, SignPrescriptionRequest, StepRequest,
    UnseenRefusalsView,
};
pub use problem::{Problem, ProblemCode};
pub use recordings::{
    PlayView, RecordingConsentView, RecordingCopyRequest, RecordingCopyView, RecordingFiguresView,
    RecordingGapView, RecordingReasonRequest, RecordingRowView, RecordingRulesRequest,
    RecordingRulesView, RecordingServiceRule, RecordingTrackView, RecordingView, RecordingsView,
};
pub use records::{
    AmendRequest, CandidateView, ChangePatientRequest, ChartView, DOCUMENT_HEADER, DraftRequest,
    DraftView, EmergencyPerson, EntryRequest, EntryView, FamilyInterviewRequest,
    FamilyInterviewView, MergeRequest, PatientDetails, PatientRowView, PatientView, PatientsView,
    PointView, RegisterRequest, SeriesView, TagsRequest, TimelineItem, TimelineView, TimelineVisit,
    TrendView, VersionRequest,
};
pub use results::{
    CancelOrderRequest, CatalogueView, NewValueView, OddityView, OrderRequest, OrderView,
    PersonBrief, ReadBackView, ReportRequest, ReportView, ResultPointView, ResultSeriesView,
    SeenRequest, ValueView,
};
pub use rights::{
    AccessQuestionRequest, AnswerRequest, ConsentWordingView, CorrectionRequest, ExportRequest,
    ProcessingView, RightsRequestView,
};
pub use statistics::{CountsView, StatisticsView};
pub use telephone::{
    CallableView, ContactRequest, ContactView, LockoutView, MoneyView, PlacedCallView, RingRequest,
    RingWhom, TelephoneView, TrunkHealthView, TrunkView, VisitCallsView,
};
pub use threads::{
    CorrespondentView, MemberRequest, MessageRequest, MessageView, MessagesView, ReadMarkRequest,
    ThreadMemberView, ThreadRequest, ThreadView, ThreadsView, UnreadView,
};
pub use triage::{
    AttachRequest, CitedView, ClaimRequest, ClinicalTriageView, ComplaintRequest,
    EmergencyNumbersView, EvaluatedView, EvaluationMissView, EvaluationShareView, FeedbackRequest,
    FeedbackView, FiguresMonthView, FlagView, HypothesisView, InterviewBriefView, InterviewRequest,
    InterviewView, LanguageRequest, MeasuredView, NoteTakenView, NumberRangeView, OnCallView,
    QuestionView, ScoreView, TakeOverRequest, TriageAnswerRequest, TriageAnswerView,
    TriageFiguresView, TriageInfoView, TriageResultView, TriageSettingsRequest, TriageSettingsView,
    VisitorRequest,
};
pub use visits::{
    ChatLine, DraftSection, GuestRequest, GuestView, JoinRequest, JoinView, NoteDraftView,
    NoteRequest, NoteSection, NoteState, NoteView, PhoneAccessView, PhoneWayView, QueueView,
    SaidSentence, SignNoteRequest, Speaker, SummaryView, TestTicket,
};
pub use waiting::{DayPart, WaitRequest, WaitingOfferView, WaitingView};

/// The path that every operation begins with.
pub const BASE: &str = "/api/v1";
