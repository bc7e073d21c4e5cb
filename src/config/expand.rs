//! `${VAR}` in values.

use std::collections::BTreeMap;

use super::error::Fault;
use crate::base::escape::visible_short;

/// The environment as it was handed in: names and values.
pub type Environment = BTreeMap<String, String>;

/// `text` with each `${NAME}` replaced from `environment`; `$${` stands for `${` itself.
pub(crate) fn expand(text: &str, environment: &Environment) -> Result<String, Fault> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if at > 0 && rest.as_bytes()[at - 1] == b'$' {
            out.push_str(&rest[..at - 1]);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let end = after.find('}').ok_or_else(|| {
            Fault::new("${ without its }").hint("write ${NAME}, or $${ for the two characters themselves")
        })?;
        out.push_str(lookup(&after[..end], environment)?);
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn lookup<'a>(name: &str, environment: &'a Environment) -> Result<&'a str, Fault> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !is_name(name) {
        return Err(Fault::new(format!("\"{}\" is not the name of a variable", visible_short(name, 60)))
            .hint("write ${NAME}, or $${ for the two characters themselves"));
    }
    environment.get(name).map(String::as_str).ok_or_else(|| {
        Fault::new(format!("the environment variable {name} is not set"))
            .hint(format!("set it before starting: export {name}=…"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_once() {
        let environment =
            Environment::from([("A".to_owned(), "${B}".to_owned()), ("B".to_owned(), "b".to_owned())]);
        let expand = |text| expand(text, &environment).map_err(|fault| fault.message);
        assert_eq!(expand("x${A}y${B}$"), Ok("x${B}yb$".to_owned()));
        assert_eq!(expand("$${A} $$ $${"), Ok("${A} $$ ${".to_owned()));
        assert_eq!(expand("${C}"), Err("the environment variable C is not set".to_owned()));
        assert_eq!(expand("${A"), Err("${ without its }".to_owned()));
        assert_eq!(expand("${A-b}"), Err("\"A-b\" is not the name of a variable".to_owned()));
    }
}
