//! What somebody remembers of a person, and whether they are found by it.

use clinical_finder::{BirthDate, Finder, Person, Why};
use proptest::prelude::*;
use uuid::Uuid;

#[path = "../examples/people/mod.rs"]
mod people;

fn person(names: &[&str], birth: (u16, u8, u8), phone: &str, identifier: &str) -> Person {
    Person {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        birth_date: Some(BirthDate {
            year: birth.0,
            month: birth.1,
            day: birth.2,
        }),
        phones: vec![phone.to_owned()],
        identifiers: vec![identifier.to_owned()],
    }
}

fn crowd(count: u32) -> Finder {
    let mut finder = Finder::new();
    let mut source = people::Source::new(11);
    for n in 0..count {
        finder.insert(Uuid::from_u128(u128::from(n) + 1_000), &source.person());
    }
    finder
}

fn one() -> (Finder, Uuid) {
    let mut finder = crowd(3_000);
    let id = Uuid::from_u128(1);
    finder.insert(
        id,
        &person(
            &["Éléonore-Marie", "N'Dongo Wouafo"],
            (1985, 3, 12),
            "+237 6 99 12 34 56",
            "CM-2023/0017",
        ),
    );
    (finder, id)
}

#[test]
fn a_person_is_found_by_whatever_is_remembered() {
    let (finder, id) = one();
    for query in [
        "eleonore ndongo",
        "NDONGO ELEONORE",
        "n'dongo eléo",
        "dongo wafo",
        "eleonoremarie wouafo",
        "ndogno eleonore",
        "wuafo ndongo marie",
        "+237699123456",
        "699 12 34 56",
        "ndongo 3456",
        "12/03/1985 ndongo",
        "1985-03-12 eleonore",
        "ndongo 12 mars 1985",
        "cm20230017",
        "CM-2023/0017",
    ] {
        let hits = finder.search(query, 10);
        assert!(hits.iter().any(|hit| hit.id == id), "{query}: {hits:?}");
    }
}

#[test]
fn a_search_for_nothing_finds_nobody() {
    let (finder, _) = one();
    for query in ["", "  -  ", "'", "qqqqqqqqq", "0"] {
        assert_eq!(finder.search(query, 10), [], "{query}");
    }
    assert_eq!(finder.search("ndongo", 0), []);
}

#[test]
fn an_exact_name_comes_before_a_similar_one() {
    let mut finder = Finder::new();
    finder.insert(
        Uuid::from_u128(1),
        &person(&["Paul", "Mbraga"], (1970, 1, 1), "1", "a"),
    );
    finder.insert(
        Uuid::from_u128(2),
        &person(&["Paul", "Mbarga"], (1970, 1, 1), "1", "a"),
    );
    assert_eq!(finder.search("mbarga paul", 5)[0].id, Uuid::from_u128(2));
    assert_eq!(finder.search("mbraga paul", 5)[0].id, Uuid::from_u128(1));
}

#[test]
fn a_second_record_of_a_person_is_proposed_with_the_reasons() {
    let (finder, id) = one();
    let again = person(
        &["Eleonore", "Ndongo Wafo"],
        (1985, 12, 3),
        "00237699123456",
        "",
    );
    let proposals = finder.similar(&again);
    assert_eq!(proposals[0].id, id);
    assert!(proposals[0].why.contains(&Why::SwappedBirthDate));
    assert!(proposals[0].why.contains(&Why::CloseName));
}

#[test]
fn a_sister_with_the_same_phone_is_not_proposed() {
    let (finder, id) = one();
    let sister = person(
        &["Brigitte Solange", "N'Dongo"],
        (1990, 7, 1),
        "+237699123456",
        "",
    );
    assert!(
        finder
            .similar(&sister)
            .iter()
            .all(|proposal| proposal.id != id)
    );
}

#[test]
fn the_same_identifier_is_enough_for_a_proposal() {
    let (finder, id) = one();
    let other = person(&["Somebody"], (1950, 1, 1), "", "cm 2023 0017");
    let proposals = finder.similar(&other);
    assert_eq!(proposals[0].id, id);
    assert_eq!(proposals[0].why, [Why::SameIdentifier]);
}

#[test]
fn nothing_prints_a_name() {
    let (finder, _) = one();
    let printed = format!(
        "{finder:?} {:?} {:?}",
        person(&["Ndongo"], (1985, 3, 12), "699", "x"),
        finder.search("ndongo", 3)
    );
    assert!(!printed.to_lowercase().contains("ndongo"));
    assert!(!printed.contains("1985"));
}

/// One letter less, more, other, or two changed places.
fn slip(word: &str, kind: u8, at: usize, letter: char) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = at % letters.len();
    match kind % 4 {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letter),
        2 => letters[at] = letter,
        _ => letters.swap(at, (at + 1).min(word.chars().count() - 1)),
    }
    letters.into_iter().collect()
}

/// What a search answers when it compares everybody: the same crowd, each alone in a finder.
fn naive(people: &[(Uuid, Person)], query: &str) -> Vec<(Uuid, f32)> {
    let mut found: Vec<(Uuid, f32)> = people
        .iter()
        .filter_map(|(id, person)| {
            let mut alone = Finder::new();
            alone.insert(*id, person);
            alone.search(query, 1).first().map(|hit| (*id, hit.score))
        })
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_slip_in_a_long_name_still_finds_the_person(seed in any::<u64>(), word in any::<usize>(), kind in any::<u8>(), at in any::<usize>(), letter in proptest::char::range('a', 'z')) {
        static CROWD: std::sync::OnceLock<Finder> = std::sync::OnceLock::new();
        let mut finder = Finder::new();
        let crowd = CROWD.get_or_init(|| crowd(5_000));
        let mut source = people::Source::new(seed);
        let sought = source.person();
        let words: Vec<String> = sought.names.iter().flat_map(|name| clinical_finder::fold_words(name)).collect();
        let long: Vec<usize> = (0..words.len()).filter(|at| words[*at].chars().count() >= 5).collect();
        prop_assume!(!long.is_empty());
        let wrong = long[word % long.len()];
        let mut typed = words.clone();
        typed[wrong] = slip(&words[wrong], kind, at, letter);
        let query = typed.join(" ");
        // Everybody of the crowd who fits better than the sought person alone stands before them.
        let id = Uuid::from_u128(1);
        finder.insert(id, &sought);
        let own = finder.search(&query, 1);
        prop_assert_eq!(own.len(), 1, "{}", query);
        let before = crowd.search(&query, 50).iter().filter(|hit| hit.score > own[0].score).count();
        prop_assert!(before < 10, "{} before {}", before, query);
    }

    #[test]
    fn adding_and_removing_keeps_the_answers_of_a_naive_search(seed in any::<u64>(), steps in proptest::collection::vec((any::<bool>(), 0_u8..24), 1..60), query in 0_u8..24) {
        let mut source = people::Source::new(seed);
        let pool: Vec<Person> = (0..24).map(|_| source.person()).collect();
        let mut finder = Finder::new();
        let mut model: Vec<(Uuid, Person)> = Vec::new();
        for (add, which) in steps {
            let id = Uuid::from_u128(u128::from(which % 12));
            let known = model.iter().any(|(other, _)| *other == id);
            model.retain(|(other, _)| *other != id);
            if add {
                let person = pool[usize::from(which)].clone();
                finder.insert(id, &person);
                model.push((id, person));
            } else {
                prop_assert_eq!(finder.remove(id), known);
            }
        }
        prop_assert_eq!(finder.len(), model.len());
        let sought = &pool[usize::from(query)];
        let first = clinical_finder::fold_words(&sought.names[0]);
        let year = sought.birth_date.unwrap().year.to_string();
        for query in [sought.names.join(" "), first.concat(), year, sought.phones[0].clone()] {
            let found: Vec<(Uuid, f32)> = finder.search(&query, 50).iter().map(|hit| (hit.id, hit.score)).collect();
            prop_assert_eq!(found, naive(&model, &query));
        }
    }
}
