/// A page with its style inside, so that it is one file.
struct HTMLPage {
    let title: String
    /// Markup, one piece below the other.
    let sections: [String]

    var text: String {
        let head = [
            Markup.element("meta", ["charset": "utf-8"]),
            Markup.element(
                "meta",
                ["name": "viewport", "content": "width=device-width, initial-scale=1"]
            ),
            Markup.element("title", [:], title.escaped),
            Markup.element("style", [:], "\n\(Style.charts)\n\(Style.page)\n"),
        ]
        let body = Markup.element("main", [:], "\n" + sections.joined(separator: "\n") + "\n")
        return "<!DOCTYPE html>\n"
            + Markup.element(
                "html",
                ["lang": "en"],
                Markup.element("head", [:], head.joined(separator: "\n")) + "\n"
                    + Markup.element("body", [:], body)
            ) + "\n"
    }
}
