//! Calendar months, as the tables write them.

/// The month after one; none after what is no month.
fn next(month: &str) -> Option<String> {
    let (year, of_year) = month.split_once('-')?;
    let (year, of_year): (u32, u32) = (year.parse().ok()?, of_year.parse().ok()?);
    (of_year <= 12).then(|| {
        let (year, of_year) = if of_year == 12 { (year + 1, 1) } else { (year, of_year + 1) };
        format!("{year:04}-{of_year:02}")
    })
}

/// These months, and those between them; as they are, where that would be more than `most`, or one of them is no month.
pub(super) fn without_holes(months: Vec<String>, most: usize) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    for month in &months {
        while let Some(last) = whole.last()
            && last < month
        {
            match next(last) {
                Some(between) if whole.len() < most => whole.push(between),
                Some(_) | None => return months,
            }
        }
        if whole.is_empty() {
            whole.push(month.clone());
        }
        if whole.last() != Some(month) {
            return months;
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_in_which_nothing_stands_are_put_in_where_they_fit() {
        let months = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let filled = without_holes(months(&["2025-11", "2026-02"]), 48);
        assert_eq!(filled, months(&["2025-11", "2025-12", "2026-01", "2026-02"]));
        assert_eq!(without_holes(months(&["2025-11", "2035-02"]), 48), months(&["2025-11", "2035-02"]));
        assert_eq!(without_holes(months(&["<script>", "zz"]), 48), months(&["<script>", "zz"]));
        assert_eq!(without_holes(months(&["2026-99", "2027-01"]), 48), months(&["2026-99", "2027-01"]));
        assert_eq!(without_holes(months(&["2026-02", "2026-01"]), 48), months(&["2026-02", "2026-01"]));
        assert_eq!(without_holes(Vec::new(), 48), Vec::<String>::new());
    }
}
