//! The first choice of the model is close to the best there is: a short run of `benches/regret`.

#[path = "../../benches/regret/simulation.rs"]
#[expect(dead_code, reason = "the benchmark prints more")]
mod simulation;

use simulation::{Model, Regret, run};

#[test]
fn the_first_choice_is_close_to_the_optimum() {
    let regrets = run(300, 17);
    let of = |model| {
        let found = regrets.iter().find(|(known, _)| *known == model);
        &found.unwrap().1
    };
    let (median, most) = (0.5, 0.95);
    let defaults = of(Model::Defaults);
    assert!(Regret::quantile(&defaults.cost, median) <= 1.01);
    assert!(Regret::quantile(&defaults.both, median) <= 1.10);
    let known = of(Model::Known);
    assert!(Regret::quantile(&known.cost, most) <= 1.1);
    assert!(Regret::quantile(&known.time, median) <= 1.02);
    for worse in [Model::Random, Model::Nearest, Model::Distance] {
        assert!(Regret::mean(&of(worse).usd) > 2.0 * Regret::mean(&defaults.usd));
    }
}
