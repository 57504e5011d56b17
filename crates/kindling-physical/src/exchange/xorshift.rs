//! `XORShiftRandom`, Spark's own generator: round robin starts where it says.

/// `org.apache.spark.util.random.XORShiftRandom`.
#[derive(Debug, Clone)]
pub struct XorShiftRandom {
    seed: i64,
}

impl XorShiftRandom {
    /// Starts from the hash of `init`.
    pub fn new(init: i64) -> Self {
        XorShiftRandom { seed: hash_seed(init) }
    }

    fn next(&mut self, bits: u32) -> i32 {
        let mut next = self.seed ^ (self.seed << 21);
        next ^= ((next as u64) >> 35) as i64;
        next ^= next << 4;
        self.seed = next;
        (next & ((1_i64 << bits) - 1)) as i32
    }

    /// `java.util.Random.nextInt(bound)`.
    pub fn next_int(&mut self, bound: i32) -> i32 {
        let bound = bound.max(1);
        let mut r = self.next(31);
        let m = bound - 1;
        if bound & m == 0 {
            return ((i64::from(bound) * i64::from(r)) >> 31) as i32;
        }
        let mut u = r;
        loop {
            r = u % bound;
            if u.wrapping_sub(r).wrapping_add(m) >= 0 {
                return r;
            }
            u = self.next(31);
        }
    }

    /// `java.util.Random.nextDouble`.
    pub fn next_double(&mut self) -> f64 {
        let high = i64::from(self.next(26)) << 27;
        (high + i64::from(self.next(27))) as f64 / (1_i64 << 53) as f64
    }
}

/// `XORShiftRandom.hashSeed`.
fn hash_seed(seed: i64) -> i64 {
    let bytes = seed.to_be_bytes();
    let low = murmur3_bytes(&bytes, 0x3c07_4a61);
    let high = murmur3_bytes(&bytes, low);
    (i64::from(high as i32) << 32) | i64::from(low)
}

/// `scala.util.hashing.MurmurHash3.bytesHash` of eight bytes.
fn murmur3_bytes(bytes: &[u8; 8], seed: u32) -> u32 {
    let mut h = seed;
    for word in bytes.chunks_exact(4) {
        if let &[a, b, c, d] = word {
            let k =
                u32::from_le_bytes([a, b, c, d]).wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
            h = (h ^ k).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
        }
    }
    h ^= 8;
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}
