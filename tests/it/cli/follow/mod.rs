//! `counterfoil-replay follow`: the auditor's program beside the service's, both as the processes that they are.

mod attacks;
mod crash;
mod forger;
mod honest;
mod liar;
mod lies;
mod patient;
mod restored;
mod rotated;
mod scene;
mod unbidden;
