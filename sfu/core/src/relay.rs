//! The walk of a small message from one person, or a service, to the others in the room.

use std::time::Instant;

use str0m::channel::ChannelId;

use crate::data::{DataLane, Sender, Verdict, envelope};
use crate::ids::ParticipantKey;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::SourceSet;

impl Room {
    /// A person sent a message on a channel.
    pub(crate) fn relay(
        &mut self,
        now: Instant,
        from: ParticipantKey,
        (channel, message): (ChannelId, &[u8]),
        outlet: &mut Outlet,
    ) {
        let Some(person) = self.people.get_mut(&from) else {
            return;
        };
        let verdict = person.lanes.judge(now, channel, message.len());
        let may = person.grants.publish != SourceSet::NONE;
        match verdict {
            Verdict::Pass(lane) if may => {
                self.say(now, lane, (Sender::Person(from), message), outlet);
            }
            Verdict::Pass(_) | Verdict::Drop | Verdict::Foreign => {
                outlet.counters.data_dropped += 1;
            }
            Verdict::Close => self.close_channel(now, from, channel, outlet),
        }
    }

    /// Gives a message to everybody who has the lane open, except its sender.
    pub(crate) fn say(
        &mut self,
        now: Instant,
        lane: DataLane,
        (from, message): (Sender, &[u8]),
        outlet: &mut Outlet,
    ) {
        let whole = envelope(from, message);
        let open = self.people.iter().filter_map(|(key, person)| {
            let channel = person.lanes.channel(lane)?;
            let own = from == Sender::Person(*key);
            (person.grants.subscribe && !own).then_some((*key, channel))
        });
        let readers: Vec<_> = open.collect();
        for (key, channel) in readers {
            let taken = self.work(key, outlet, |peer, drained| {
                peer.write_data(now, drained, (channel, &whole))
            });
            match (taken, lane) {
                (Some(true), _) => outlet.counters.data_forwarded += 1,
                (_, DataLane::Lossy) => outlet.counters.data_dropped += 1,
                (_, DataLane::Reliable) => self.close_channel(now, key, channel, outlet),
            }
        }
    }

    fn close_channel(
        &mut self,
        now: Instant,
        of: ParticipantKey,
        channel: ChannelId,
        outlet: &mut Outlet,
    ) {
        outlet.counters.data_closed += 1;
        if let Some(person) = self.people.get_mut(&of) {
            person.lanes.closed(channel);
        }
        self.work(of, outlet, |peer, drained| {
            peer.close_channel(now, drained, channel)
        });
    }
}
