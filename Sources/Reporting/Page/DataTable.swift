/// A table of texts; the first column names the row.
public struct DataTable: Equatable, Sendable {
    /// Names of the columns.
    public var header: [String]
    /// Cells, as many in a row as there are columns.
    public var rows: [[String]]

    /// A table.
    public init(_ header: [String], _ rows: [[String]] = []) {
        self.header = header
        self.rows = rows
    }

    /// The table as HTML that scrolls sideways where it is too wide.
    var html: String {
        let head = header.map { Markup.element("th", ["scope": "col"], $0.escaped) }.joined()
        let body = rows.map { row in
            let cells = row.enumerated().map { column, cell in
                column == 0
                    ? Markup.element("th", ["scope": "row"], cell.escaped)
                    : Markup.element("td", [:], cell.escaped)
            }
            return Markup.element("tr", [:], cells.joined())
        }
        let table = Markup.element(
            "table",
            [:],
            Markup.element("thead", [:], Markup.element("tr", [:], head)) + "\n"
                + Markup.element("tbody", [:], body.joined(separator: "\n"))
        )
        // Focusable, so that it can be scrolled by keyboard.
        return Markup.element("div", ["class": "scroll", "tabindex": "0"], table)
    }
}
