//! Java's `StrictMath` to the last bit, natively and in the tab: the functions for which the `libm` crate has newer algorithms that
//! round otherwise, by the formulas of fdlibm 5.3 that Java prescribes. `exp`, `expm1`, `pow`, `asin`, `acos` and `atan` are `libm`'s.

const LN2_HI: f64 = 0.6931471803691238;
const LN2_LO: f64 = 1.9082149292705877e-10;

/// `x = 2^k * (1 + f)` with `1 + f` in `[sqrt(2)/2, sqrt(2))`, for positive finite `x`; and whether `f` is in the middle of
/// that range, where the logarithm's series is rearranged.
fn split(x: f64) -> (i32, f64, bool) {
    // Subnormal numbers are scaled first.
    let (bits, below) =
        if x < f64::MIN_POSITIVE { ((x * (1u64 << 54) as f64).to_bits(), -54) } else { (x.to_bits(), 0) };
    let high = ((bits >> 32) & 0xf_ffff) as i32;
    let exponent = (bits >> 52) as i32 - 1023 + below;
    let carry = (high + 0x9_5f64) & 0x10_0000;
    let one = (bits & 0xf_ffff_ffff_ffff) | ((1023 - (carry >> 20) as u64) << 52);
    let middle = (high - 0x6_147a) | (0x6_b851 - high);
    (exponent + (carry >> 20), f64::from_bits(one) - 1.0, middle > 0)
}

/// `StrictMath.log`
pub(crate) fn log(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 || x.is_infinite() {
        return if x == 0.0 {
            f64::NEG_INFINITY
        } else if x == f64::INFINITY {
            x
        } else {
            f64::NAN
        };
    }
    let (k, f, middle) = split(x);
    let dk = f64::from(k);
    let mantissa = (f + 1.0).to_bits() >> 32 & 0xf_ffff;
    if 0xf_ffff & (2 + mantissa) < 3 {
        // |f| < 2^-20
        if f == 0.0 {
            return if k == 0 { 0.0 } else { dk * LN2_HI + dk * LN2_LO };
        }
        let r = f * f * (0.5 - 0.3333333333333333 * f);
        return if k == 0 { f - r } else { dk * LN2_HI - ((r - dk * LN2_LO) - f) };
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let t1 = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
    let t2 = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
    let r = t2 + t1;
    if middle {
        let half = 0.5 * f * f;
        if k == 0 { f - (half - s * (half + r)) } else { dk * LN2_HI - ((half - (s * (half + r) + dk * LN2_LO)) - f) }
    } else if k == 0 {
        f - s * (f - r)
    } else {
        dk * LN2_HI - ((s * (f - r) - dk * LN2_LO) - f)
    }
}

/// `StrictMath.log10`
pub(crate) fn log10(x: f64) -> f64 {
    const LOG10_2_HI: f64 = 0.30102999566361177;
    const LOG10_2_LO: f64 = 3.694239077158931e-13;
    if x.is_nan() || x <= 0.0 || x.is_infinite() {
        return log(x);
    }
    let (scaled, below) = if x < f64::MIN_POSITIVE { (x * (1u64 << 54) as f64, -54) } else { (x, 0) };
    let bits = scaled.to_bits();
    let k = (bits >> 52) as i32 - 1023 + below;
    let negative = i32::from(k < 0);
    let y = f64::from(k + negative);
    let mantissa = f64::from_bits((bits & 0xf_ffff_ffff_ffff) | ((1023 - negative as u64) << 52));
    let z = y * LOG10_2_LO + std::f64::consts::LOG10_E * log(mantissa);
    z + y * LOG10_2_HI
}

/// `StrictMath.cosh`
pub(crate) fn cosh(x: f64) -> f64 {
    let a = x.abs();
    if a < 0.5 * std::f64::consts::LN_2 {
        let t = libm::expm1(a);
        let w = 1.0 + t;
        return if a < 2.0_f64.powi(-55) { w } else { 1.0 + (t * t) / (w + w) };
    }
    if a < 22.0 {
        let t = libm::exp(a);
        return 0.5 * t + 0.5 / t;
    }
    half_exp(a)
}

/// `StrictMath.sinh`
pub(crate) fn sinh(x: f64) -> f64 {
    let a = x.abs();
    let h = 0.5_f64.copysign(x);
    if a < 22.0 {
        if a < 2.0_f64.powi(-28) {
            return x;
        }
        let t = libm::expm1(a);
        return if a < 1.0 { h * (2.0 * t - t * t / (t + 1.0)) } else { h * (t + t / (t + 1.0)) };
    }
    if x.is_nan() { x } else { half_exp(a).copysign(x) }
}

/// `exp(a) / 2`, also where `exp(a)` is too large.
fn half_exp(a: f64) -> f64 {
    if a < 709.78 {
        return 0.5 * libm::exp(a);
    }
    let w = libm::exp(0.5 * a);
    0.5 * w * w
}

/// `StrictMath.tanh`
pub(crate) fn tanh(x: f64) -> f64 {
    let a = x.abs();
    if x.is_nan() {
        return x;
    }
    let z = if a >= 22.0 {
        1.0
    } else if a < 2.0_f64.powi(-55) {
        return x * (1.0 + x);
    } else if a >= 1.0 {
        1.0 - 2.0 / (libm::expm1(2.0 * a) + 2.0)
    } else {
        let t = libm::expm1(-2.0 * a);
        -t / (t + 2.0)
    };
    z.copysign(x)
}

/// `StrictMath.cbrt`
pub(crate) fn cbrt(x: f64) -> f64 {
    const C: f64 = 0.5428571428571428; // 19/35
    const D: f64 = -0.7053061224489796; // -864/1225
    const E: f64 = 1.4142857142857144; // 99/70
    const F: f64 = 1.6071428571428572; // 45/28
    const G: f64 = 0.35714285714285715; // 5/14
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let a = x.abs();
    let high = |v: f64| v.to_bits() >> 32;
    // A cube root to 5 bits.
    let t = if a < f64::MIN_POSITIVE {
        let t = (1u64 << 54) as f64 * a;
        f64::from_bits((high(t) / 3 + 696_219_795) << 32)
    } else {
        f64::from_bits((high(a) / 3 + 715_094_163) << 32)
    };
    // To 23 bits, chopped to 20 and made larger than the root.
    let r = t * t / a;
    let s = C + r * t;
    let t = t * (G + F / (s + E + D / s));
    let t = f64::from_bits((high(t) + 1) << 32);
    // One step of Newton's to 53 bits.
    let s = t * t;
    let r = a / s;
    let w = t + t;
    (t + t * ((r - t) / (w + r))).copysign(x)
}

/// `asinh` as fdlibm has it, over [`log`].
pub(crate) fn asinh(x: f64) -> f64 {
    let a = x.abs();
    if !x.is_finite() || a < 2.0_f64.powi(-28) {
        return x;
    }
    let w = if a > 2.0_f64.powi(28) {
        log(a) + std::f64::consts::LN_2
    } else if a > 2.0 {
        log(2.0 * a + 1.0 / ((x * x + 1.0).sqrt() + a))
    } else {
        let t = x * x;
        (a + t / (1.0 + (1.0 + t).sqrt())).ln_1p()
    };
    w.copysign(x)
}

/// `acosh` as fdlibm has it, over [`log`].
pub(crate) fn acosh(x: f64) -> f64 {
    if x.is_nan() || x < 1.0 {
        return f64::NAN;
    }
    if x >= 2.0_f64.powi(28) {
        return if x.is_infinite() { x } else { log(x) + std::f64::consts::LN_2 };
    }
    if x > 2.0 {
        return log(2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt()));
    }
    let t = x - 1.0;
    (t + (2.0 * t + t * t).sqrt()).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a real Spark 4.2.0 gives.
    #[test]
    fn results_are_java_s_to_the_last_bit() {
        let check = |found: f64, java: f64| assert_eq!(found.to_bits(), java.to_bits(), "{found} {java}");
        check(acosh(3.0), 1.7627471740390859);
        check(acosh(3.1368707779770375), 1.8099394590396747);
        check(acosh(6.644898089855872), 2.5812859209746044);
        check(acosh(9.534098446518968), 2.945260142734363);
        check(asinh(-6.3355451015230635), -2.5454939768484914);
        check(asinh(196.49756069336922), 5.973803672745042);
        check(asinh(2.2635791364740387), 1.5556591115417864);
        check(asinh(8.572126343842477), 2.845047988441184);
        check(cbrt(-0.024286686951704883), -0.28959391021767683);
        check(cbrt(-154.26767017041232), -5.363212113744031);
        check(cbrt(-342.9033639648096), -6.999342550258846);
        check(cbrt(48.0), 3.6342411856642793);
        check(cosh(-285.0534500982916), 3.1340825366384585e+123);
        check(cosh(-49.0), 9.536732862475498e+20);
        check(cosh(0.9197866344485817), 1.4536795656567176);
        check(cosh(38.68118010735748), 3.1476981475197024e+16);
        check(log(0.29287768800019376), -1.2280002042186804);
        check(log(0.7498462733472788), -0.28788706233106554);
        check(log(4.749025001914195), 1.557939334222361);
        check(log(48.0), 3.8712010109078907);
        check(log10(0.29909227105099667), -0.5241948095807606);
        check(log10(0.7498462733472788), -0.12502776258171927);
        check(log10(0.7793049436861708), -0.10829256871293563);
        check(log10(2.546083949839657), 0.40587271917272233);
        check(sinh(-0.5171594298043138), -0.5405223927678604);
        check(sinh(-285.0534500982916), -3.1340825366384585e+123);
        check(sinh(-49.0), -9.536732862475498e+20);
        check(sinh(38.68118010735748), 3.1476981475197024e+16);
        check(tanh(-0.1354342080783375), -0.13461217486295257);
    }

    #[test]
    fn limits_are_java_s() {
        assert_eq!(log(0.0), f64::NEG_INFINITY);
        assert!(log(-1.0).is_nan() && acosh(0.5).is_nan() && tanh(f64::NAN).is_nan());
        assert_eq!(log(f64::INFINITY), f64::INFINITY);
        assert_eq!((sinh(-1e3), cosh(1e3), tanh(-1e3)), (f64::NEG_INFINITY, f64::INFINITY, -1.0));
        assert_eq!(cbrt(-27.0), -3.0);
        assert_eq!(log(f64::from_bits(1)), -744.4400719213812);
    }
}
