import Testing

@testable import ChatTemplates

@Suite("Templates that cannot be used say in one sentence where and why")
struct BadTemplateTests {
    private func error(_ template: String) -> String {
        do {
            let template = try ChatTemplate(.init(template, file: "chat_template.jinja"))
            return try template.text(of: [.init(role: "user", content: "Hi")])
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "A sentence names line and construct",
        arguments: [
            ("a\n{% include 'x' %}", 2, "the statement \"include\" is not supported"),
            ("{{ 1 }}\n\n{{ n | groupby('a') }}", 3, "the filter \"groupby\" is not supported"),
            ("{{ 1 is blue }}", 1, "the test \"blue\" is not supported"),
            ("{{ [].append(1) }}", 1, "the method list.append is not supported"),
            ("{{ 'a'.encode() }}", 1, "the method str.encode is not supported"),
            ("{{ '%s' % 1 }}", 1, "formatting by \"%\" is not supported"),
            ("{% for a in b recursive %}{% endfor %}", 1, "a recursive loop is not supported"),
            ("{{ f(*a) }}", 1, "unpacking of arguments by \"*\" is not supported"),
            ("{{ strftime_now('%Q') }}", 1, "\"%Q\" of strftime_now is not supported"),
            ("\n{{ messages[0].a.b }}", 2, "a value of type dict has no attribute 'a'"),
            ("{{ no.one }}", 1, "'no' is undefined"),
            (
                "{{ raise_exception('Only\nusers') }}", 1,
                #"the template refuses this conversation: "Only\nusers""#
            ),
            (
                "{% if 1 %}\n{% for a in b %}", 2,
                "expected \"endfor\", found the end of the template"
            ),
            ("{% if 1 %}\n{% endfor %}", 2, "expected no \"endfor\" here"),
            ("{{ 1 +\n }}", 1, "expected a value, found the end of the tag"),
            ("\n{{ 'a }}", 2, "a string without its end"),
            ("{{ a", 1, "a tag without its \"}}\""),
            ("{{ ) }}", 1, "expected no \")\" here"),
            ("{{ 99999999999999999999 }}", 1, "expected a number of at most 64 bits"),
            ("{{ 9223372036854775807 + 1 }}", 1, "a number beyond 64 bits"),
            ("{{ 'a'.replace('a') }}", 1, "str.replace: expected a value for \"new\", found none"),
        ]
    )
    func sentences(template: String, line: Int, problem: String) {
        let expected = "chat_template.jinja: line \(line) of the chat template: \(problem)"
        #expect(error(template).hasPrefix(expected), "\(error(template))")
    }

    private static let deep = 10_000

    @Test(
        "Neither time nor memory nor the stack runs out",
        arguments: [
            String(repeating: "(", count: deep),
            "{{ " + String(repeating: "not ", count: deep) + "a }}",
            "{{ " + String(repeating: "[", count: deep) + String(repeating: "]", count: deep)
                + " }}",
            "{{ a" + String(repeating: ".a", count: deep) + " }}",
            "{{ a" + String(repeating: "|a", count: deep) + " }}",
            "{{ a" + String(repeating: " if a", count: deep) + " }}",
            String(repeating: "{% if 1 %}", count: deep),
            "{% macro f(a) %}{{ f(a) }}{% endmacro %}{{ f(1) }}",
            "{% macro f(a) %}{{ f([a]) }}{% endmacro %}{{ f(1) }}",
            "{{ 'a' * 1000000000000 }}",
            "{{ [1] * 9223372036854775807 }}",
            "{{ range(100000000000)|list }}",
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            """
            {% set n = namespace(a='aa') %}
            {% for i in range(90) %}{% set n.a = n.a + n.a %}{% endfor %}
            """,
            """
            {% set n = namespace(a='aa') %}
            {% for i in range(90) %}{% set n.a = n.a.replace('a', n.a) %}{% endfor %}
            """,
            """
            {% set n = namespace(a=[]) %}
            {% for i in range(90000) %}{% set n.a = [n.a] %}{% endfor %}
            """,
            """
            {% set n = namespace(a=[]) %}
            {% for i in range(90) %}{% set n.a = [n.a, n.a] %}{% endfor %}{{ n.a }}
            """,
            "{% set n = namespace() %}{% set n.a = n %}",
            "{% set n = namespace() %}{% set n.a = [n] %}",
            """
            {% set n = namespace(a='a') %}
            {% for i in range(90000) %}{% set n.a = n.a ~ i %}{% endfor %}
            """,
        ]
    )
    func bounds(template: String) {
        let clock = ContinuousClock()
        let duration = clock.measure { _ = error(template) }
        #expect(duration < .seconds(20))
        if template.hasPrefix("{") {
            #expect(error(template).contains("line "), "\(error(template).prefix(200))")
        }
    }
}
