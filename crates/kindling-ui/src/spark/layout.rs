//! A layered layout: nodes in layers along the data flow, near the nodes they are joined to.

/// A node to place.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Across the flow.
    pub across: f64,
    /// Along the flow.
    pub along: f64,
}

/// A placed node: its corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Across the flow.
    pub across: f64,
    /// Along the flow.
    pub along: f64,
}

/// Gaps between nodes.
#[derive(Clone, Copy, Debug)]
pub struct Gaps {
    /// Between neighbours in a layer.
    pub across: f64,
    /// Between layers.
    pub along: f64,
}

/// The layer of each node: one more than the deepest of those that flow into it.
pub fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; count];
    // At most `count` rounds, so a cycle in a damaged log ends too.
    for _ in 0..count {
        let mut moved = false;
        for (from, to) in edges {
            let next = layer.get(*from).map_or(0, |layer| layer + 1);
            if let Some(own) = layer.get_mut(*to)
                && *own < next
                && next < count
            {
                *own = next;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    layer
}

/// Places nodes; gives the corner of each and the size of the whole.
///
/// A node without inputs takes the next free column; every other one stands in the middle of its inputs, moved aside
/// where another of its layer already stands.
pub fn place(sizes: &[Size], edges: &[(usize, usize)], gaps: Gaps) -> (Vec<Place>, Size) {
    let count = sizes.len();
    let layer = layers(count, edges);
    let depth = layer.iter().max().map_or(0, |deepest| deepest + 1);
    let size = |at: usize| sizes.get(at).copied().unwrap_or(Size { across: 0.0, along: 0.0 });
    let mut along_of = vec![0.0; depth + 1];
    for at in 0..depth {
        let members = (0..count).filter(|node| layer.get(*node) == Some(&at));
        let tallest = members.map(|node| size(node).along).fold(0.0, f64::max);
        let start = along_of.get(at).copied().unwrap_or(0.0);
        if let Some(next) = along_of.get_mut(at + 1) {
            *next = start + tallest + gaps.along;
        }
    }
    // Sources in the order in which a walk back from the sinks meets them keep crossings away.
    let mut middle = vec![0.0; count];
    let mut done = vec![false; count];
    let mut next_column = 0.0;
    let mut free = vec![f64::NEG_INFINITY; depth.max(1)];
    let sinks: Vec<usize> = (0..count).filter(|node| !edges.iter().any(|(from, _)| from == node)).collect();
    let mut stack: Vec<(usize, bool)> = sinks.into_iter().rev().map(|node| (node, false)).collect();
    while let Some((node, inputs_done)) = stack.pop() {
        if done.get(node).copied().unwrap_or(true) {
            continue;
        }
        let inputs: Vec<usize> = edges.iter().filter(|(_, to)| *to == node).map(|(from, _)| *from).collect();
        let open: Vec<usize> =
            inputs.iter().copied().filter(|input| !done.get(*input).copied().unwrap_or(true)).collect();
        if !inputs_done && !open.is_empty() {
            stack.push((node, true));
            stack.extend(open.into_iter().rev().map(|input| (input, false)));
            continue;
        }
        let own = size(node);
        let wanted = if inputs.is_empty() {
            next_column + own.across / 2.0
        } else {
            inputs.iter().filter_map(|input| middle.get(*input)).sum::<f64>() / inputs.len() as f64
        };
        let line = layer.get(node).copied().unwrap_or(0);
        let at_least = free.get(line).copied().unwrap_or(f64::NEG_INFINITY) + gaps.across + own.across / 2.0;
        let at = wanted.max(at_least);
        if let Some(slot) = free.get_mut(line) {
            *slot = at + own.across / 2.0;
        }
        if let (Some(slot), Some(flag)) = (middle.get_mut(node), done.get_mut(node)) {
            *slot = at;
            *flag = true;
        }
        next_column = f64::max(next_column, at + own.across / 2.0 + gaps.across);
        if inputs.is_empty() {
            continue;
        }
        // A node wider than its inputs must not stand left of the edge.
        next_column = next_column.max(at + own.across / 2.0 + gaps.across);
    }
    let left = (0..count)
        .map(|node| middle.get(node).copied().unwrap_or(0.0) - size(node).across / 2.0)
        .fold(f64::INFINITY, f64::min);
    let left = if left.is_finite() { left } else { 0.0 };
    let places: Vec<Place> = (0..count)
        .map(|node| Place {
            across: middle.get(node).copied().unwrap_or(0.0) - size(node).across / 2.0 - left,
            along: layer.get(node).and_then(|line| along_of.get(*line)).copied().unwrap_or(0.0),
        })
        .collect();
    let across = (0..count)
        .map(|node| places.get(node).map_or(0.0, |place| place.across) + size(node).across)
        .fold(0.0, f64::max);
    let along = (along_of.get(depth).copied().unwrap_or(0.0) - gaps.along).max(0.0);
    (places, Size { across, along })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(count: usize, edges: &[(usize, usize)]) -> Vec<Place> {
        let sizes = vec![Size { across: 100.0, along: 40.0 }; count];
        place(&sizes, edges, Gaps { across: 20.0, along: 20.0 }).0
    }

    #[test]
    fn a_join_stands_between_its_sides() {
        let places = check(5, &[(0, 2), (1, 3), (2, 4), (3, 4)]);
        assert_eq!(places[0], Place { across: 0.0, along: 0.0 });
        assert_eq!(places[1], Place { across: 120.0, along: 0.0 });
        assert_eq!(places[4], Place { across: 60.0, along: 120.0 });
    }

    #[test]
    fn no_two_nodes_of_a_layer_overlap() {
        let edges = [(0, 3), (1, 3), (1, 4), (2, 4), (3, 5), (4, 5)];
        let places = check(6, &edges);
        let layer = layers(6, &edges);
        for a in 0..6 {
            for b in 0..a {
                let apart = (places[a].across - places[b].across).abs() >= 119.0;
                assert!(layer[a] != layer[b] || apart, "{a} and {b}: {places:?}");
            }
        }
    }

    #[test]
    fn a_cycle_in_a_damaged_log_ends() {
        assert_eq!(check(2, &[(0, 1), (1, 0)]).len(), 2);
    }
}
