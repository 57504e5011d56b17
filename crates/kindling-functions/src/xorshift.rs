//! Spark's `XORShiftRandom`, on `java.util.Random`'s derived numbers.

/// The generator; equal seeds give Spark's own numbers.
#[derive(Debug, Clone)]
pub struct XorShiftRandom {
    seed: i64,
    next_gaussian: Option<f64>,
}

impl XorShiftRandom {
    /// Starts from a seed, hashed as Spark hashes it.
    pub fn new(seed: i64) -> Self {
        XorShiftRandom { seed: hash_seed(seed), next_gaussian: None }
    }

    fn next(&mut self, bits: u32) -> i32 {
        let mut next = self.seed ^ (self.seed << 21);
        next ^= ((next as u64) >> 35) as i64;
        next ^= next << 4;
        self.seed = next;
        (next & ((1_i64 << bits) - 1)) as i32
    }

    /// Uniform in [0, 1).
    pub fn next_double(&mut self) -> f64 {
        let high = i64::from(self.next(26)) << 27;
        (high + i64::from(self.next(27))) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in `0..bound`.
    pub fn next_int(&mut self, bound: i32) -> i32 {
        let mut bits = self.next(31);
        let mask = bound - 1;
        if bound & mask == 0 {
            return ((i64::from(bound) * i64::from(bits)) >> 31) as i32;
        }
        loop {
            let value = bits % bound;
            if bits.wrapping_sub(value).wrapping_add(mask) >= 0 {
                return value;
            }
            bits = self.next(31);
        }
    }

    /// 32 random bits.
    pub fn next_bits(&mut self) -> i32 {
        self.next(32)
    }

    /// 64 random bits.
    pub fn next_long(&mut self) -> i64 {
        (i64::from(self.next(32)) << 32).wrapping_add(i64::from(self.next(32)))
    }

    /// Normal with mean 0 and deviation 1.
    pub fn next_gaussian(&mut self) -> f64 {
        if let Some(value) = self.next_gaussian.take() {
            return value;
        }
        loop {
            let v1 = 2.0 * self.next_double() - 1.0;
            let v2 = 2.0 * self.next_double() - 1.0;
            let s = v1 * v1 + v2 * v2;
            if s < 1.0 && s != 0.0 {
                let multiplier = (-2.0 * s.ln() / s).sqrt();
                self.next_gaussian = Some(v2 * multiplier);
                return v1 * multiplier;
            }
        }
    }
}

/// `XORShiftRandom.hashSeed`: Scala's `MurmurHash3.bytesHash` twice.
fn hash_seed(seed: i64) -> i64 {
    let bytes = seed.to_be_bytes();
    let low = bytes_hash(&bytes, 0x3c07_4a61);
    let high = bytes_hash(&bytes, low);
    (i64::from(high as i32) << 32) | i64::from(low)
}

fn bytes_hash(bytes: &[u8], seed: u32) -> u32 {
    let mix = |h: u32, k: u32| {
        let k = k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        (h ^ k).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    };
    let mut h = seed;
    for word in bytes.as_chunks::<4>().0 {
        h = mix(h, u32::from_le_bytes(*word));
    }
    h ^= bytes.len() as u32;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sparks() {
        // SELECT rand(0), rand(42), randn(0)
        assert_eq!(XorShiftRandom::new(0).next_double(), 0.760_495_375_828_591_5);
        assert_eq!(XorShiftRandom::new(42).next_double(), 0.619_189_370_225_301);
        assert_eq!(XorShiftRandom::new(0).next_gaussian(), 1.603_499_160_927_843_3);
    }
}
