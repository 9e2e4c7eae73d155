//! Which core a new connection goes to. Pure: figures in, an order out.
//!
//! What a connection will ask for is not known when it comes. What is known is how much each core had to
//! do lately, how many connections made it so, and how many came since. A connection that came since is
//! expected to be as much work as one of those, on average; one that has been silent, none.

/// What is known of a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct View {
    /// Connections that are open.
    pub(super) open: usize,
    /// Connections that were heard in the last window.
    pub(super) heard: usize,
    /// Connections that came since.
    pub(super) young: usize,
    /// What was read lately, in KiB; what is less is noise, such as answers to keep-alive.
    pub(super) work: u64,
}

/// The cores by what they have to do, least first; of equals those with fewer connections, then in order.
pub(super) fn order(views: &[View]) -> Vec<usize> {
    let work: u128 = views.iter().map(|view| u128::from(view.work)).sum();
    let heard: u128 = views.iter().map(|view| view.heard as u128).sum::<u128>().max(1);
    // In units of an average connection, times `work` to stay with whole numbers. Where nobody had
    // anything to do, what came since is all there is to go by.
    let expected = |view: &View| match work {
        0 => view.young as u128,
        _ => u128::from(view.work) * heard + view.young as u128 * work,
    };
    let mut order: Vec<(u128, usize, usize)> =
        views.iter().enumerate().map(|(core, view)| (expected(view), view.open, core)).collect();
    order.sort_unstable();
    order.into_iter().map(|(.., core)| core).collect()
}
