//! Everything that is told to a client, by the name under which each language has its text.

use super::text::Given;

/// From a list of names, each with what is put into its text: the messages, and the names alone.
macro_rules! messages {
    ($($name:ident $({ $($given:ident: $kind:ty),+ })?,)+) => {
        /// What a client is told, in no language yet. To add one: a line here, and its text at the same place in the file of
        /// each language.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum Message {
            $($name $({ $($given: $kind),+ })?,)+
        }

        /// The name of a text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum TextName {
            $($name,)+
        }

        /// Every message, with the names of what is put into its text.
        pub(super) const MESSAGES: &[(TextName, &[&str])] = &[$((TextName::$name, &[$($(stringify!($given)),+)?])),+];

        impl Message {
            pub(super) const fn name(&self) -> TextName {
                match self { $(Self::$name { .. } => TextName::$name,)+ }
            }

            /// What is put into the text.
            pub(super) fn given(&self) -> Vec<Given> {
                match self {
                    $(Self::$name $({ $($given),+ })? => vec![$($((stringify!($given), $given.clone().into())),+)?],)+
                }
            }
        }

        impl TextName {
            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// Its place in `MESSAGES`.
            pub(super) const fn place(self) -> usize {
                self as usize
            }
        }
    };
}

messages! {
    // What was done, or is shown.
    Balance,
    BulkProcessed,
    Card,
    CardBlocked,
    CardCreated,
    CardHistory,
    Cards,
    CardTemplate,
    CardTemplateCreated,
    CardTemplateDeleted,
    CardTemplates,
    CardTemplateUpdated,
    CardUnblocked,
    CardUpdated,
    Categories,
    CredentialsAreValid,
    Customer,
    CustomerBalance,
    CustomerCreated,
    CustomerErased,
    CustomerStatistics,
    Customers,
    CustomerUpdated,
    ErrorCodes,
    Export,
    ExportCreated,
    Exports,
    History,
    OffersStatus,
    PointEntries,
    PointEntry,
    PointsAdjusted,
    PointsAwarded,
    PointsDeducted,
    PointsExpired,
    PointsRedeemed,
    PointsThatExpireSoon,
    ServiceStatus,
    Settings,
    SettingsUpdated,
    Shop,
    ShopCreated,
    ShopDeleted,
    Shops,
    ShopUpdated,
    Transaction,
    TransactionRecorded,
    Transactions,
    Webhook,
    WebhookCreated,
    WebhookSkipped,
    WebhookDeleted,
    WebhookDeliveries,
    WebhookDelivery,
    WebhookRedelivery,
    Webhooks,
    WebhookSecretRotated,
    WebhookTested,
    WebhookUpdated,

    // What a movement is called where nobody described it.
    KindAdjustment,
    KindAward,
    KindCancellation,
    KindExpiry,
    KindPurchase,
    KindRedemption,
    KindRefund,
    KindReturn,
    KindWelcome,
    CalculationMaximum,
    CalculationMinimum,
    CalculationStated { points: i64 },
    CalculationSteps { steps: String, template: i64, version: i64 },
    CalculationTier,
    CalculationVisit,

    // Who asks, and whether they may.
    AddressNotAllowed,
    CredentialsExpired,
    CredentialsNotValid,
    CredentialsOfAnotherShop,
    MalformedKey,
    NotPermitted,
    NeedsWholePartner,
    NotThePartner,
    SendCredentials,
    SignatureDoesNotFit,

    // Requests that nothing can be done with.
    BodyEndedEarly,
    BodyNotAnObject,
    BodyNotJson { line: usize, column: usize },
    BodyTooLarge,
    BodyTooSlow,
    MethodNotAllowed,
    NotUnderstood,
    NothingUnderPath,
    SomeFieldsNotValid,
    TooManyDownloads,
    TooManyExports,
    TooManyItems,
    TooManyMovements,
    TooManyRequests,

    // What cannot be found, and what exists already.
    CustomerHasCard,
    EmailTaken,
    Expired,
    NoSuchCard,
    NoSuchCheckpoint,
    NoSuchSeal,
    NoSuchCredential,
    NoSuchCustomer,
    NoSuchDelivery,
    NoSuchExport,
    NoSuchOrder,
    NoSuchPartner,
    NoSuchShop,
    NoSuchTemplate,
    NoSuchTransaction,
    NoSuchWebhook,
    RecordedDifferently,

    // Rules of the programme.
    AboveRedemptionMaximum,
    BalanceOutOfBounds,
    BelowRedemptionMinimum,
    CardIsBlocked,
    CardNotActive,
    CardsDoNotEarn,
    CheckpointNotSigned,
    MonthNotSealable,
    CustomerWasErased,
    MoreDiscountThanPoints,
    MorePointsThanAreLeft,
    MoreThanIsLeft,
    NotEnoughPoints,
    NothingMoved,
    NothingToExpire,
    NoTemplateToAssign,
    OrderClosed,
    OrderRefunded,
    OrderTotalUnknown,
    OtherCurrency,
    PointsNotRedeemable,
    ReceiptTooLong,
    SettingForbids { setting: &'static str },
    ShopIsClosed,
    TooManyPointsAtOnce,
    TooManyRefunds { most: usize },
    TooManyRedeliveries { most: usize },
    TooManyWebhooks { most: usize },

    // What a code means, where it stands for several messages.
    InvalidEmail,
    InvalidPoints,
    PointsOutOfBounds,
    RuleForbids,

    // The service's own trouble.
    Busy,
    BusyNothingWritten,
    ChangedMeanwhile,
    ComponentDoesNotWork,
    LedgerNotWritten,
    OurSide,
    Stopping,
    ViewsCatchingUp,

    // What is wrong with a field: said after its name.
    AlwaysSo { value: &'static str },
    BooksTooLong { most: i64 },
    BooksTooWide { most: i64 },
    CannotBeChanged,
    CannotBeSentAgain,
    ChangedByBlocking,
    DesignCharacters,
    IsReadOnly,
    IsRequired,
    MustBeAmount,
    MustBeColor,
    MustBeEventName,
    MustBeHours,
    MustBeId,
    MustBeInFuture,
    MustBeInstant,
    MustBeList,
    MustBeListOfObjects,
    MustBeNumber,
    MustBeObject,
    MustBeAfter { field: &'static str },
    MustBeOneOf { words: &'static str },
    MustBePhone,
    MustBePicture,
    MustBeRate,
    MustBeText,
    MustBeTime,
    MustBeSignatureLine,
    MustBeSecret { least: usize, most: usize },
    UnknownWitness,
    SignatureDoesNotVerify,
    MustBeTrueOrFalse,
    MustBeUrl,
    MustBePublicUrl,
    MustNotBeEmpty,
    MustNotBeInFuture,
    NamedTwice,
    NoControlCharacters,
    NoPastOfIt,
    NoSuchPartnerThen,
    NoPastWithoutOne { fields: &'static str },
    NoRuleForIt,
    NotAField,
    NotAnEmail,
    NotBeside { field: &'static str },
    OnlyWith { field: &'static str },
    NotTheSame { field: &'static str },
    NotYetPast { head: i64, now: String },
    NumberBetween { least: i64, most: i64 },
    OneOfRequired { fields: &'static str },
    OutOfBounds,
    PastTooLong { most: i64 },
    PointsAboveZero,
    PointsNotNegative,
    PointsNotZero,
    QueryCannotBeRead,
    TooLarge { most: usize },
    TooManyBytes { most: usize },
    TooManyCharacters { most: usize },
    TooManyEntries { most: usize },
    TooWide { most: i64 },
    VisibleAscii { most: usize },

    // What the health check says of a part.
    CannotBeRead,
    EventsBehind { lag: i64 },
    LastWriteFailed,
    MegabytesResident { megabytes: u64 },
    RequestsWait { waiting: usize },
    SessionsNotServed,
    WrittenNoMore,
}
