//! Poisson numbers as Spark draws them for sampling with replacement: Commons Math's `PoissonDistribution` over its
//! `Well19937c` generator.

/// Words of the generator's state.
const WORDS: usize = 624;

/// `org.apache.commons.math3.random.Well19937c`
#[derive(Debug, Clone)]
pub(super) struct Well19937c {
    state: Vec<u32>,
    index: usize,
}

impl Well19937c {
    /// Starts from a seed (`AbstractWell.setSeed(long)`).
    pub fn new(seed: i64) -> Well19937c {
        let mut state = vec![(seed >> 32) as u32, seed as u32];
        for i in state.len()..WORDS {
            // Words are signed 32-bit numbers there, widened to 64 bits.
            let before = i64::from(state[i - 2] as i32);
            let mixed = 1_812_433_253_i64.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as i64);
            state.push(mixed as u32);
        }
        Well19937c { state, index: 0 }
    }

    fn next(&mut self, bits: u32) -> u32 {
        let v = &mut self.state;
        let at = |back: usize, index: usize| (index + back) % WORDS;
        let index = self.index;
        let (before, before2) = (at(WORDS - 1, index), at(WORDS - 2, index));
        let (v0, m1, m2, m3) = (v[index], v[at(70, index)], v[at(179, index)], v[at(449, index)]);
        let z0 = (0x8000_0000 & v[before]) ^ (0x7FFF_FFFF & v[before2]);
        let z1 = (v0 ^ (v0 << 25)) ^ (m1 ^ (m1 >> 27));
        let z2 = (m2 >> 9) ^ (m3 ^ (m3 >> 1));
        let z3 = z1 ^ z2;
        let mut z4 = z0 ^ (z1 ^ (z1 << 9)) ^ (z2 ^ (z2 << 21)) ^ (z3 ^ (z3 >> 21));
        v[index] = z3;
        v[before] = z4;
        v[before2] &= 0x8000_0000;
        self.index = before;
        z4 ^= (z4 << 7) & 0xe46e_1700;
        z4 ^= (z4 << 15) & 0x9b86_8000;
        z4 >> (32 - bits)
    }

    fn next_double(&mut self) -> f64 {
        let high = u64::from(self.next(26)) << 26;
        (high | u64::from(self.next(26))) as f64 * (1.0 / (1_u64 << 52) as f64)
    }
}

/// Means from here on are drawn in another way, which is not here.
pub(super) const LARGE_MEAN: f64 = 40.0;

/// A number of a Poisson distribution with a mean below [`LARGE_MEAN`].
pub(super) fn next_poisson(random: &mut Well19937c, mean: f64) -> usize {
    let limit = (-mean).exp();
    let (mut n, mut product) = (0_usize, 1.0);
    while (n as f64) < 1000.0 * mean {
        product *= random.next_double();
        if product < limit {
            return n;
        }
        n += 1;
    }
    n
}
