//! Recognising files that a template engine has yet to render.

/// Whether `text` holds Go template actions. Argo's own `{{args.name}}` and Flagger's `{{ namespace }}` are
/// part of the objects and must not be taken for them.
pub(crate) fn looks_like_go_template(text: &str) -> bool {
    text.split("{{").skip(1).any(|rest| {
        let action = rest.strip_prefix('-').unwrap_or(rest).trim_start();
        let word_ends =
            |word: &str| action.strip_prefix(word).is_some_and(|after| after.starts_with([' ', '-', '}']));
        action.starts_with(['.', '$', '/'])
            || [
                "if", "else", "end", "range", "with", "include", "define", "template", "block", "toYaml",
                "tpl",
            ]
            .into_iter()
            .any(word_ends)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helm_is_told_from_the_controllers_own_placeholders() {
        for text in
            ["a: {{ .Values.x }}", "{{- if .x }}", "{{ include \"n\" . }}", "{{$x}}", "{{- end }}", "{{end}}"]
        {
            assert!(looks_like_go_template(text), "{text}");
        }
        for text in [
            "q: '{{args.end}}'",
            "{{ namespace }}",
            "{{ inputs.x }}",
            "{{ target }}-{{ interval }}",
            "{ {a: 1} }",
        ] {
            assert!(!looks_like_go_template(text), "{text}");
        }
    }
}
