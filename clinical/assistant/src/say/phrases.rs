//! The words themselves.

use super::Language;
use crate::Intent;
use crate::talk::{Refusal, Say, Topic, Unclear};

/// A text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Both(&'static str, &'static str);

impl Both {
    pub(super) const fn of(self, language: Language) -> &'static str {
        language.of(self.0, self.1)
    }
}

pub(super) const DAYS_FR: [&str; 7] = [
    "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
];
pub(super) const DAYS_EN: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
pub(super) const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
pub(super) const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const PERSON: Both = Both(
    "Transmettre cette conversation à l'accueil ? Une personne vous répond dans vos messages.",
    "Pass this conversation to reception? A person answers in your messages.",
);
pub(super) const PERSON_DONE: Both = Both(
    "C'est transmis. Une personne de la clinique vous répondra dans vos messages.",
    "It was passed on. A person of the clinic will answer in your messages.",
);
pub(super) const REFILL: Both = Both(
    "Demander le renouvellement de votre ordonnance à vos soignants ? Un médecin décide.",
    "Ask those who treat you to renew your prescription? A doctor decides.",
);
pub(super) const REFILL_DONE: Both = Both(
    "La demande de renouvellement est envoyée. S'il ne vous reste plus rien d'un médicament important, appelez la clinique ou une pharmacie.",
    "The request to renew was sent. If you have nothing left of an important medicine, call the clinic or a pharmacy.",
);
pub(super) const SYMPTOMS: Both = Both(
    "Ouvrir le questionnaire des symptômes avec ce que vous avez écrit ? Il dit quels soins et quand.",
    "Open the symptom check with what you wrote? It says which care and how soon.",
);
pub(super) const INTERVIEW: Both = Both(
    "Le questionnaire est prêt, avec ce que vous avez écrit.",
    "The symptom check is ready, with what you wrote.",
);
pub(super) const THREAD: Both = Both("Suivez la réponse ici.", "Follow the answer here.");
pub(super) const MESSAGES: Both = Both("Ouvrir les messages", "Open messages");
pub(super) const TO_SYMPTOMS: Both = Both("Ouvrir le questionnaire", "Open the symptom check");
pub(super) const VISITS: Both = Both("Mes rendez-vous", "My appointments");
pub(super) const RESULTS: Both = Both("Mes résultats", "My results");
pub(super) const PRESCRIPTIONS: Both = Both("Mes ordonnances", "My prescriptions");
pub(super) const CALL: Both = Both("Appeler le {n}", "Call {n}");
pub(super) const CALL_CLINIC: Both = Both("Appeler la clinique : {n}", "Call the clinic: {n}");
pub(super) const URGENT: Both = Both(
    "Un soignant devrait vous voir aujourd'hui.",
    "A clinician should see you today.",
);
pub(super) const OTHER_PERSON: Both = Both(
    "Si quelqu'un est en danger près de vous, appelez le {n} maintenant.",
    "If somebody near you is in danger, call {n} now.",
);
pub(super) const NO_RESULTS: Both = Both(
    "Aucun résultat n'est encore à lire. Vous serez prévenu quand il y en aura.",
    "There is no result to read yet. You will be told when there is.",
);
pub(super) const SOME_RESULTS: Both = Both(
    "Résultats que vous pouvez lire : {n}. L'assistant ne les interprète pas.",
    "Results that you can read: {n}. The assistant does not interpret them.",
);
pub(super) const NO_PRESCRIPTIONS: Both = Both(
    "Il n'y a pas d'ordonnance dans votre dossier.",
    "There is no prescription in your record.",
);
pub(super) const SOME_PRESCRIPTIONS: Both = Both(
    "Ordonnances dans votre dossier : {n}. Votre plan de prise est sous Mes médicaments.",
    "Prescriptions in your record: {n}. When to take what is under My medicines.",
);
pub(super) const NO_DOCTOR: Both = Both(
    "Nous n'avons pas ce médecin. Un généraliste peut vous orienter.",
    "We do not have that doctor. A general practitioner can direct you.",
);
pub(super) const GENERAL: Both = Both(
    "C'est un conseil général, pas un avis sur votre cas.",
    "This is general advice, not an opinion on your case.",
);
pub(super) const ANYBODY: Both = Both("Peu importe", "Anybody");
pub(super) const OTHER_TIME: Both = Both("Une autre heure", "Another time");
pub(super) const UNDO: Both = Both("Revenir sur la dernière action", "Undo the last action");
pub(super) const HANDED: Both = Both(
    "[Transmis par l'assistant automatique, à la demande du patient]",
    "[Passed on by the automatic assistant, at the patient's request]",
);

/// Texts without a part that changes.
pub(super) const fn plain(say: &Say) -> Both {
    match say {
        Say::Hello => Both(
            "Bonjour. Je suis l'assistant automatique de la clinique : rendez-vous, résultats, ordonnances, questions. Je ne suis ni une personne ni un médecin. En cas d'urgence, appelez les secours.",
            "Hello. I am the clinic's automatic assistant: appointments, results, prescriptions, questions. I am no person and no doctor. In an emergency, call for help.",
        ),
        Say::Welcome => Both(
            "Avec plaisir. Autre chose ?",
            "You are welcome. Anything else?",
        ),
        Say::Goodbye => Both(
            "Au revoir et prenez soin de vous.",
            "Goodbye and take care.",
        ),
        Say::Unclear(why) => unclear(*why),
        Say::WithWhom => Both("Avec quel médecin ?", "With which doctor?"),
        Say::When => Both(
            "Quel jour et à quelle heure ? Par exemple « mardi matin » ou « le 12 à 15h ».",
            "Which day and time? For example “Tuesday morning” or “the 12th at 3pm”.",
        ),
        Say::Offers { as_wished: true } => {
            Both("Ces heures sont libres :", "These times are free:")
        }
        Say::Offers { as_wished: false } => Both(
            "Rien n'est libre à ce moment. Les heures les plus proches :",
            "Nothing is free then. The nearest times:",
        ),
        Say::NoOffers => Both(
            "Il n'y a pas d'heure libre dans cette période.",
            "There is no free time in that period.",
        ),
        Say::Left => Both(
            "D'accord, rien n'a été fait.",
            "All right, nothing was done.",
        ),
        Say::NotDone(why) => refused(*why),
        Say::NothingToUndo => Both(
            "Il n'y a rien à annuler ici. Que puis-je faire ?",
            "There is nothing to take back here. What can I do?",
        ),
        Say::NoVisits => Both(
            "Vous n'avez pas de visite à venir.",
            "You have no visit to come.",
        ),
        Say::WhichVisit(_) => Both("Quelle visite ?", "Which visit?"),
        Say::NoAdvice => Both(
            "Je n'ai pas de conseil vérifié là-dessus. Un questionnaire, une visite ou une personne peut vous aider.",
            "I have no vetted advice on that. A symptom check, a visit or a person can help.",
        ),
        _ => Both(
            "Je peux prendre, déplacer ou annuler un rendez-vous, montrer vos rendez-vous, résultats et ordonnances, demander un renouvellement, donner un conseil général, ou vous mettre en relation avec une personne.",
            "I can book, move or cancel a visit, show your visits, results and prescriptions, ask for a renewal, give general advice, or hand you to a person.",
        ),
    }
}

const fn unclear(why: Unclear) -> Both {
    match why {
        Unclear::Empty => Both("Écrivez ce que vous voulez.", "Write what you want."),
        Unclear::Unknown => Both(
            "Je n'ai pas compris. Dites-le autrement ou choisissez :",
            "I did not understand. Say it in other words or choose:",
        ),
        Unclear::Language => Both(
            "Je ne comprends que le français et l'anglais. I only understand French and English.",
            "I only understand French and English. Je ne comprends que le français et l'anglais.",
        ),
        Unclear::Long => Both(
            "Ce texte est trop long pour moi. Dites-le en quelques phrases, ou je le transmets à une personne.",
            "This text is too long for me. Say it in a few sentences, or I pass it to a person.",
        ),
        Unclear::Abuse => Both(
            "Je vois que cela vous met en colère. Une personne peut prendre le relais.",
            "I see that this makes you angry. A person can take over.",
        ),
        Unclear::Orders => Both(
            "Je suis des règles fixes, que des consignes ne changent pas. Dites ce dont vous avez besoin.",
            "I follow fixed rules that instructions do not change. Say what you need.",
        ),
    }
}

const fn refused(why: Refusal) -> Both {
    match why {
        Refusal::Taken => Both(
            "Rien n'a été fait : cette heure vient d'être prise.",
            "Nothing was done: that time was taken just now.",
        ),
        Refusal::OwnOverlap => Both(
            "Rien n'a été fait : vous avez une autre visite à cette heure.",
            "Nothing was done: you have another visit at that time.",
        ),
        Refusal::Gone => Both(
            "Rien n'a été fait : cela n'existe plus.",
            "Nothing was done: it is no longer there.",
        ),
        Refusal::State => Both(
            "Rien n'a été fait : ce n'est plus possible pour cette visite.",
            "Nothing was done: that is no longer possible for this visit.",
        ),
        Refusal::Nobody => Both(
            "Personne ne peut le recevoir maintenant. Appelez la clinique.",
            "Nobody can receive it now. Call the clinic.",
        ),
        Refusal::Failed => Both(
            "Cela n'a pas marché et rien n'a été fait. Réessayez ou demandez une personne.",
            "That did not work and nothing was done. Try again or ask for a person.",
        ),
    }
}

type TextAndLink = (Both, Option<(&'static str, Both)>);

/// What is known on a topic, and the page for it.
pub(super) const fn topic(topic: Topic) -> TextAndLink {
    match topic {
        Topic::Price => (
            Both(
                "Le tarif dépend du médecin et de votre assurance ; je ne le connais pas. L'accueil vous répond par message.",
                "The price depends on the doctor and your insurance; I do not know it. Reception answers by message.",
            ),
            None,
        ),
        Topic::Payment => (
            Both(
                "Les paiements se règlent avec l'accueil. Ne donnez jamais un numéro de carte ici.",
                "Payments are settled with reception. Never give a card number here.",
            ),
            None,
        ),
        Topic::Technical => (
            Both(
                "Rechargez la page, autorisez caméra et micro, et essayez l'essai de l'appareil avant la visite. Vous pouvez aussi rejoindre par téléphone. L'aide montre chaque étape.",
                "Reload the page, allow camera and microphone, and run the device test before the visit. You can also join by phone. Help shows each step.",
            ),
            Some(("/help", Both("Aide", "Help"))),
        ),
        Topic::Join => (
            Both(
                "Ouvrez la visite sous Mes rendez-vous, ou par le lien reçu. La salle d'attente ouvre peu avant l'heure ; il n'y a rien à installer.",
                "Open the visit under My appointments, or by the link you got. The waiting room opens shortly before; there is nothing to install.",
            ),
            Some(("/appointments", VISITS)),
        ),
        Topic::OpeningHours => (
            Both(
                "Les visites se réservent à toute heure ; chaque médecin a ses horaires, que la réservation montre.",
                "Visits can be booked at any time; every doctor has their own hours, which booking shows.",
            ),
            Some(("/book", Both("Voir les heures", "See the times"))),
        ),
        Topic::Documents => (
            Both(
                "Les comptes rendus et documents sont dans votre dossier. Un certificat ou un arrêt se demande au médecin, par message ou en visite.",
                "Summaries and documents are in your record. A certificate or sick note is for the doctor to give, by message or in a visit.",
            ),
            Some(("/record", Both("Mon dossier", "My record"))),
        ),
        Topic::Privacy => (
            Both(
                "Vous voyez qui a regardé votre dossier, et pouvez demander une copie ou un effacement. Cette conversation est chiffrée et effacée après un jour.",
                "You can see who looked at your record, and ask for a copy or erasure. This talk is encrypted and deleted after a day.",
            ),
            Some(("/privacy", Both("Mes droits", "My rights"))),
        ),
        Topic::Account => (
            Both(
                "Mot de passe et connexion se changent sous Sécurité. Pour un nom ou un numéro faux, écrivez à l'accueil.",
                "Password and sign-in are changed under Security. For a wrong name or number, write to reception.",
            ),
            Some(("/security", Both("Sécurité", "Security"))),
        ),
        Topic::Language => (
            Both(
                "Je parle français et anglais. La langue se change en haut de la page.",
                "I speak French and English. Change the language at the top of the page.",
            ),
            None,
        ),
        Topic::Proxy => (
            Both(
                "Je ne peux agir que pour vous-même. Pour un proche, l'accueil réserve, et une procuration se donne sous Mes droits.",
                "I can act for yourself only. For a relative reception books, and a proxy is given under My rights.",
            ),
            Some(("/privacy", Both("Mes droits", "My rights"))),
        ),
    }
}

/// An intent as something to choose.
pub(super) const fn intent(intent: Intent) -> Both {
    match intent {
        Intent::Book => Both("Prendre rendez-vous", "Book a visit"),
        Intent::Move => Both("Déplacer un rendez-vous", "Move a visit"),
        Intent::Cancel => Both("Annuler un rendez-vous", "Cancel a visit"),
        Intent::Appointments => Both("Mes rendez-vous", "My visits"),
        Intent::Slots => Both("Heures libres", "Free times"),
        Intent::Results => Both("Mes résultats", "My results"),
        Intent::Refill => Both("Renouveler une ordonnance", "Renew a prescription"),
        Intent::Prescriptions => Both("Mes ordonnances", "My prescriptions"),
        Intent::Price => Both("Tarifs", "Prices"),
        Intent::Payment => Both("Paiement", "Payment"),
        Intent::Technical => Both("Problème technique", "Technical problem"),
        Intent::Join => Both("Rejoindre ma visite", "Join my visit"),
        Intent::FindDoctor => Both("Trouver un médecin", "Find a doctor"),
        Intent::OpeningHours => Both("Horaires et adresse", "Hours and address"),
        Intent::Documents => Both("Certificats et documents", "Certificates and documents"),
        Intent::Advice => Both("Conseil général", "General advice"),
        Intent::Human => Both("Parler à une personne", "Talk to a person"),
        Intent::Symptom => Both("Je ne vais pas bien", "I do not feel well"),
        Intent::Privacy => Both("Mes données", "My data"),
        Intent::Account => Both("Mon compte", "My account"),
        Intent::Language => Both("Langue", "Language"),
        Intent::Proxy => Both("Pour un proche", "For a relative"),
        Intent::Emergency => Both("Urgence", "Emergency"),
        Intent::Yes => Both("Oui", "Yes"),
        Intent::No => Both("Non", "No"),
        Intent::Stop => Both("Arrêter", "Stop"),
        Intent::Greeting | Intent::Thanks | Intent::Goodbye | Intent::Help => {
            Both("Ce que je peux faire", "What I can do")
        }
    }
}
