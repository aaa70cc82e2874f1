//! What a client can do.

/// What a client can do, as far as windrow makes use of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Takes up a conversation that was cut short.
    pub resume: bool,
    /// Lets windrow name a conversation before it begins.
    pub named: bool,
    /// Says what a turn cost in money.
    pub cost: bool,
    /// Says how many tokens a turn took.
    pub tokens: bool,
    /// Says each time that the model could not answer and is asked again.
    pub retries: bool,
    /// Says which tools it was not allowed to use.
    pub denials: bool,
}

impl Abilities {
    /// The abilities there are, in words.
    #[must_use]
    pub fn words(self) -> Vec<&'static str> {
        let all = [
            (self.resume, "resume"),
            (self.named, "named conversations"),
            (self.cost, "cost"),
            (self.tokens, "tokens"),
            (self.retries, "retries"),
            (self.denials, "denials"),
        ];
        all.into_iter().filter_map(|(has, word)| has.then_some(word)).collect()
    }
}
