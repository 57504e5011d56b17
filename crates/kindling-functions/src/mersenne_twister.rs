//! MT19937 as commons-math has it (`MersenneTwister`, `BitsStreamGenerator`): Spark's `uuid` and `shuffle` draw from it.

const N: usize = 624;
const M: usize = 397;

/// The generator.
#[derive(Debug, Clone)]
pub(crate) struct MersenneTwister {
    state: Box<[u32; N]>,
    next: usize,
}

impl MersenneTwister {
    /// A generator from a 64-bit seed.
    pub fn new(seed: i64) -> MersenneTwister {
        let key = [(seed as u64 >> 32) as u32, seed as u32];
        let mut state = Box::new([0_u32; N]);
        state[0] = 19_650_218;
        for i in 1..N {
            state[i] = 1_812_433_253_u32.wrapping_mul(state[i - 1] ^ (state[i - 1] >> 30)).wrapping_add(i as u32);
        }
        let (mut i, mut j) = (1, 0);
        for _ in 0..N {
            let mixed = (state[i - 1] ^ (state[i - 1] >> 30)).wrapping_mul(1_664_525);
            state[i] = (state[i] ^ mixed).wrapping_add(key[j]).wrapping_add(j as u32);
            i += 1;
            j = (j + 1) % key.len();
            if i == N {
                state[0] = state[N - 1];
                i = 1;
            }
        }
        for _ in 1..N {
            let mixed = (state[i - 1] ^ (state[i - 1] >> 30)).wrapping_mul(1_566_083_941);
            state[i] = (state[i] ^ mixed).wrapping_sub(i as u32);
            i += 1;
            if i == N {
                state[0] = state[N - 1];
                i = 1;
            }
        }
        state[0] = 0x8000_0000;
        MersenneTwister { state, next: N }
    }

    /// The next `bits` bits.
    pub fn next(&mut self, bits: u32) -> u32 {
        if self.next >= N {
            for i in 0..N {
                let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
                let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ twist;
            }
            self.next = 0;
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^= y >> 18;
        y >> (32 - bits)
    }

    /// 64 bits.
    pub fn next_long(&mut self) -> u64 {
        u64::from(self.next(32)) << 32 | u64::from(self.next(32))
    }

    /// A number below `n`.
    pub fn next_int(&mut self, n: u32) -> u32 {
        if n.is_power_of_two() {
            return ((u64::from(n) * u64::from(self.next(31))) >> 31) as u32;
        }
        loop {
            let bits = self.next(31);
            let value = bits % n;
            if (bits - value).checked_add(n - 1).is_some_and(|top| top <= i32::MAX as u32) {
                return value;
            }
        }
    }

    /// `0..length` in random order (`RandomIndicesGenerator`).
    pub fn permutation(&mut self, length: usize) -> Vec<usize> {
        let mut order = vec![0; length];
        for i in 0..length {
            let j = self.next_int(i as u32 + 1) as usize;
            order[i] = order[j];
            order[j] = i;
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_commons_math() {
        // `shuffle(array(1, 2, 3, 4, 5), 3)` of Spark's first partition.
        let order: Vec<usize> = MersenneTwister::new(3).permutation(5).into_iter().map(|i| i + 1).collect();
        assert_eq!(order, [4, 1, 3, 5, 2]);
    }
}
