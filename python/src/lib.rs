//! The extension module `testribute._testribute`: rankings for Python. The classes that users see are
//! written in Python, in `testribute/`.

mod answer;
mod call;
mod errors;
mod logs;
mod ranker;
mod runtime;

use pyo3::prelude::*;

#[pymodule]
fn _testribute(module: &Bound<'_, PyModule>) -> PyResult<()> {
    logs::install();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<ranker::NativeRanker>()?;
    module.add_class::<answer::Answer>()?;
    module.add_class::<call::Call>()?;
    module.add_function(wrap_pyfunction!(logs::set_log_level, module)?)?;
    module.add_function(wrap_pyfunction!(logs::take_logs, module)?)
}
