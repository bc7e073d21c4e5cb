//! The name that was probably meant.

/// The candidate that `name` is most likely a misspelling of.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const COMPARED_CHARS_MAX: usize = 64;
    if name.chars().count() > COMPARED_CHARS_MAX {
        return None;
    }
    let wanted = name.to_lowercase().replace(['-', ' '], "_");
    candidates
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity > 0.82)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
