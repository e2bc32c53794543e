/// A table of texts; the first column names the row.
public struct DataTable: Equatable, Sendable {
    /// Names of the columns.
    public var header: [String]
    /// Cells, as many in a row as there are columns.
    public var rows: [[String]]
    /// The cells that stand out; what that means is said beside the table.
    public var marks: Set<Place> = []

    /// A cell by the indices of its row and column.
    public struct Place: Hashable, Sendable {
        /// Index of the row.
        public var row: Int
        /// Index of the column.
        public var column: Int
    }

    /// A table.
    public init(_ header: [String], _ rows: [[String]] = []) {
        self.header = header
        self.rows = rows
    }

    func isMarked(_ row: Int, _ column: Int) -> Bool {
        marks.contains(Place(row: row, column: column))
    }

    /// The table as HTML that scrolls sideways where it is too wide.
    var html: String {
        let head = header.map { Markup.element("th", ["scope": "col"], $0.escaped) }.joined()
        let body = rows.enumerated().map { index, row in
            let cells = row.enumerated().map { column, cell in
                let text =
                    isMarked(index, column)
                    ? Markup.element("strong", [:], cell.escaped) : cell.escaped
                return column == 0
                    ? Markup.element("th", ["scope": "row"], text)
                    : Markup.element("td", [:], text)
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
