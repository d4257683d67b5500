//! Faults put into what the simulator sees, to prove that the oracles see them.

/// A deliberate fault. None of them touches the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing is wrong.
    #[default]
    Nothing,
    /// One packet also reaches somebody in another room.
    CrossRooms,
    /// One packet reaches its own sender.
    Echo,
    /// The first packet of every slot is swallowed, and the rest moves up.
    SkipKeyFrames,
    /// What the server says about slots is not noted.
    ForgetSlots,
    /// What is switched on again is not noted.
    ForgetUnmutes,
    /// What is granted again is not noted.
    ForgetGrants,
    /// Pages are not told that a layer is wanted again.
    LetSleep,
    /// A packet gets the number of the one before.
    RepeatNumbers,
    /// Time on the wire runs backwards once.
    TurnTimeBack,
    /// After half of the call nothing is shown any more.
    Freeze,
    /// One connection is said to be left behind.
    LeaveBehind,
    /// One panic is said to have happened.
    Panic,
    /// On more than one shard nobody sees the second person.
    ServeDifferently,
}
