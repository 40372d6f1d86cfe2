//! How much the first choice of a model costs against the best there is, over many random federations.

#[path = "draw.rs"]
mod draw;
#[path = "federation.rs"]
mod federation;
#[path = "grid.rs"]
mod grid;
#[path = "list.rs"]
mod list;
#[path = "model.rs"]
mod model;
#[path = "truth.rs"]
mod truth;

use testribute::domain::{
    estimate::Estimates,
    mode::Mode,
    rank::{Ranking, rank_unflagged},
};

use self::{draw::Draw, federation::Federation, grid::Grid};
pub use model::Model;

/// What a cent is to a task that costs nothing.
const CENT: f64 = 0.01;

/// Regret of one model: one number for each federation.
#[derive(Debug, Default, Clone)]
pub struct Regret {
    /// (cost + 0.01) / (optimum + 0.01) in mode cost, and USD lost.
    pub cost: Vec<f64>,
    pub usd: Vec<f64>,
    /// time / optimum in mode time, and minutes lost.
    pub time: Vec<f64>,
    pub minutes: Vec<f64>,
    /// score / best score in mode 0.5.
    pub both: Vec<f64>,
    /// By which factor the estimated cost and time of the first choice in mode 0.5 are off.
    pub cost_off: Vec<f64>,
    pub time_off: Vec<f64>,
}

impl Regret {
    /// The share `part` of numbers that are at most the result.
    pub fn quantile(numbers: &[f64], part: f64) -> f64 {
        let mut sorted = numbers.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "thousands of numbers"
        )]
        let position = ((sorted.len() - 1) as f64 * part).round() as usize;
        sorted[position]
    }

    pub fn mean(numbers: &[f64]) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "thousands of numbers")]
        let count = numbers.len() as f64;
        numbers.iter().sum::<f64>() / count
    }
}

/// Regrets of all models over `federations`, the same for the same `seed`.
pub fn run(federations: usize, seed: u64) -> Vec<(Model, Regret)> {
    let grid = Grid::new();
    let mut draw = Draw::new(seed);
    let mut regrets: Vec<_> = Model::ALL.map(|model| (model, Regret::default())).into();
    for _ in 0..federations {
        let federation = Federation::new(&mut draw, &grid);
        let truth = truth::of(&federation, &grid, &mut draw);
        for (model, regret) in &mut regrets {
            let mut chance = Draw::new(draw.seed());
            let estimates = model.estimates(&federation, &grid, &mut chance);
            measure(*model, &estimates, &truth, &mut chance, regret);
        }
    }
    regrets
}

fn measure(
    model: Model,
    estimates: &Estimates,
    truth: &Estimates,
    chance: &mut Draw,
    regret: &mut Regret,
) {
    let mut in_mode = |mode| {
        let chosen = rank_unflagged(estimates, model.mode(mode), 1, chance.seed());
        let best = rank_unflagged(truth, mode, 1, 0);
        let (cost, time) = really(&chosen, truth);
        let (least_cost, least_time) = totals(&best);
        let told = totals(&chosen);
        (told, (cost, time), (least_cost, least_time), best.means())
    };
    let (_, (cost, _), (least, _), _) = in_mode(Mode::COST);
    regret.cost.push((cost + CENT) / (least + CENT));
    regret.usd.push(cost - least);
    let (_, (_, time), (_, least), _) = in_mode(Mode::TIME);
    regret.time.push(time / least);
    regret.minutes.push((time - least) / 60.0);
    let (told, real, best, means) = in_mode(Mode::BALANCED);
    let score = |(cost, time): (f64, f64)| cost / means.cost.max(1e-9) + time / means.time;
    regret.both.push(score(real) / score(best));
    let factor = |one: f64, other: f64| (one / other).max(other / one);
    regret.cost_off.push(factor(told.0 + CENT, real.0 + CENT));
    regret.time_off.push(factor(told.1, real.1));
}

fn totals(ranking: &Ranking) -> (f64, f64) {
    let first = ranking.iter().next().unwrap();
    (first.cost.total().to_f64(), first.time.total().to_f64())
}

/// What the first choice costs and takes in truth.
fn really(chosen: &Ranking, truth: &Estimates) -> (f64, f64) {
    let first = chosen.iter().next().unwrap();
    let tes = &truth.tes[first.tes];
    let mut cost = tes.compute + tes.storage;
    let mut time = tes.queue + tes.execution;
    for (copies, &uri) in tes.objects.iter().zip(first.uris) {
        let copy = &copies[uri as usize];
        cost = cost + copy.cost;
        time = time + copy.time;
    }
    (cost.to_f64(), time.to_f64())
}
