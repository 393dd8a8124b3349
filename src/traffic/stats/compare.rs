//! Whether a window is worse than the baseline: by Fisher's test and a tolerance if the baseline's counts are known, by a
//! wider tolerance alone if only its rate is. Durations have heavy tails, so their means are not tested.

use super::binomial::fisher;
use super::success_rate::printed_bp;

/// The chance of calling a window worse although it is not.
const ALPHA: f64 = 0.01;
/// Half a point: a smaller difference is not worth a warning, however certain.
const WITH_COUNTS_BP: i64 = 50;
/// One point, if the certainty is unknown without counts.
const WITHOUT_COUNTS_BP: i64 = 100;
const SLOWER_BY_SHARE: f64 = 0.25;
const SLOWER_BY_MS: f64 = 50.0;

/// How a rate compares with the baseline's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    pub worse: bool,
    /// How many hundredths of a percent the printed rate is lower; negative if it is higher.
    pub lower_by_bp: i64,
    /// One-sided Fisher's test; `None` for a comparison by tolerance only.
    pub p: Option<f64>,
}

/// Compares the current successes and deliveries with the baseline's printed rate (hundredths of a percent) and, if known,
/// its successes and deliveries. Few deliveries can rarely be proved worse, which does not make them good. `None` without
/// a delivery now.
pub fn worse_rate(now: (u64, u64), then: (u32, Option<(u64, u64)>)) -> Option<Compared> {
    let (ok, n) = now;
    let lower_by_bp = i64::from(then.0) - i64::from(printed_bp(ok, n)?);
    let counted = then.1.filter(|&(ok_then, n_then)| n_then > 0 && ok_then <= n_then);
    let p = counted.map(|(ok_then, n_then)| fisher(n - ok, n, n_then - ok_then, n_then));
    let worse = match p {
        Some(p) => p <= ALPHA && lower_by_bp >= WITH_COUNTS_BP,
        None => lower_by_bp >= WITHOUT_COUNTS_BP,
    };
    Some(Compared { worse, lower_by_bp, p })
}

/// Whether an average duration is more than 25 % and more than 50 ms longer than the baseline's, in milliseconds. `None` if
/// either is not a valid duration.
pub fn worse_average(now_ms: f64, then_ms: f64) -> Option<bool> {
    let time = |ms: f64| ms.is_finite() && ms >= 0.0;
    (time(now_ms) && time(then_ms)).then(|| {
        let slower = now_ms - then_ms;
        slower > SLOWER_BY_MS && slower > SLOWER_BY_SHARE * then_ms
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::stats::binomial::tests::near;

    fn worse(now: (u64, u64), then: (u32, Option<(u64, u64)>)) -> bool {
        worse_rate(now, then).expect("deliveries").worse
    }

    #[test]
    fn with_counts_a_proof_and_half_a_point_are_needed() {
        let then = (9950, Some((1990, 2000)));
        assert!(!worse((39, 40), then), "0.196");
        assert!(!worse((38, 40), then), "0.0219");
        assert!(worse((37, 40), then), "0.00174");
        let compared = worse_rate((37, 40), then).expect("deliveries");
        near(compared.p.expect("counts"), 0.001_744_207_70, 5e-9);
        assert_eq!(compared.lower_by_bp, 700);
        // Certain, but 0.49 points lower; then 0.50 points.
        let (now, then) = ((995_100, 1_000_000), (10_000, Some((1_000_000, 1_000_000))));
        assert!(!worse(now, then));
        assert!(worse((995_000, 1_000_000), then));
        assert!(!worse((60, 60), then));
    }

    #[test]
    fn without_counts_one_point_is_needed() {
        assert!(!worse((9_851, 10_000), (9950, None)));
        assert!(worse((9_850, 10_000), (9950, None)));
        assert_eq!(worse_rate((59, 60), (9833, Some((0, 0)))).expect("deliveries").p, None);
        assert_eq!(worse_rate((10, 10), (9950, None)).expect("deliveries").lower_by_bp, -50);
    }

    #[test]
    fn invalid_values_are_not_compared() {
        assert_eq!(worse_rate((0, 0), (9950, Some((1990, 2000)))), None);
        for (now, then) in [(f64::NAN, 100.0), (100.0, f64::INFINITY), (-1.0, 100.0), (100.0, -1.0)] {
            assert_eq!(worse_average(now, then), None, "{now} {then}");
        }
    }

    #[test]
    fn slower_means_a_quarter_and_fifty_milliseconds() {
        for (now, then, slower) in [
            (250.0, 200.0, false),
            (250.5, 200.0, true),
            (150.0, 100.0, false),
            (151.0, 100.0, true),
            (490.0, 400.0, false),
            (501.0, 400.0, true),
            (100.0, 200.0, false),
            (51.0, 0.0, true),
        ] {
            assert_eq!(worse_average(now, then), Some(slower), "{now} {then}");
        }
    }
}
