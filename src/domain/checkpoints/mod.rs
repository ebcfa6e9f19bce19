//! Checkpoints: the deployment's signed statements about its whole log, the keys that sign them, and the cosignatures of
//! witnesses. What is signed and how it looks as text is not known here; sizes and keys are.

mod commands;
mod events;
mod state;

pub use commands::{ChangeCheckpointKey, RecordCheckpoint, RecordCosignature, Restoration};
pub use events::{
    CheckpointCosigned, CheckpointKeyCreated, CheckpointKeyRetired, CheckpointMade, Handover, RetirementCause,
    SignedTree,
};
pub use state::{CheckpointKey, Checkpoints, Newest};
