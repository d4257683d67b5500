//! What is done with booked visits.

use super::Turn;
use crate::When;
use crate::talk::{Choice, Say, State, Task, Visit, Wanted, Write};

impl Turn<'_, '_> {
    /// Visits were found: one is taken, of several it is asked which.
    pub(super) fn listed(&mut self, wanted: Wanted, visits: Vec<Visit>) {
        match (visits.as_slice(), &wanted) {
            ([], _) => {
                self.say(Say::NoVisits);
                self.idle();
            }
            (_, Wanted::Seen) => {
                self.say(Say::Visits(visits));
                self.idle();
            }
            ([only], _) => {
                let only = only.clone();
                self.with_visit(wanted, only);
            }
            _ => {
                let shown: Vec<Visit> = visits.into_iter().take(super::times::SHOWN_MAX).collect();
                let choices = shown.iter().cloned().map(Choice::Visit).collect();
                self.say(Say::WhichVisit(wanted.clone()));
                self.stand(State::Visits(wanted, shown), choices);
            }
        }
    }

    /// Goes on with one visit.
    pub(super) fn with_visit(&mut self, wanted: Wanted, visit: Visit) {
        match wanted {
            Wanted::Cancelled => self.confirm(Write::Cancel(visit)),
            // "The one of tomorrow" names the visit and not the wish.
            Wanted::Moved(when)
                if when.is_empty() || when.hour.is_none() && is_on(&visit, &when) =>
            {
                self.say(Say::Visits(vec![visit.clone()]));
                self.ask_when(Task::Move(visit, When::default()));
            }
            Wanted::Moved(when) => self.look_for(Task::Move(visit, when)),
            Wanted::Seen => {
                self.say(Say::Visits(vec![visit]));
                self.idle();
            }
        }
    }
}

/// Whether a visit is on the one day that is spoken of.
fn is_on(visit: &Visit, when: &When) -> bool {
    let day = visit.start.local.date();
    when.days == Some((day, day))
}
