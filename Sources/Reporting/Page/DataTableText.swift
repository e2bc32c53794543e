import JSON

extension DataTable {
    /// The table for a terminal: the first column to the left, the others to the right, an asterisk
    /// behind cells that stand out.
    public var text: String {
        let cells =
            [header.map(\.printable)]
            + rows.enumerated().map { index, row in
                row.enumerated().map { column, cell in
                    isMarked(index, column) ? cell.printable + "*" : cell.printable
                }
            }
        // Where a column has asterisks, the other cells get a space, so that digits stand below
        // each other.
        let starred = Set(marks.map(\.column))
        let padded = cells.map { row in
            row.enumerated().map { column, cell in
                starred.contains(column) && !cell.hasSuffix("*") ? cell + " " : cell
            }
        }
        let widths = header.indices.map { column in padded.map { $0[column].count }.max() ?? 0 }
        return padded.map { row in
            let line = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }
            .joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        .joined(separator: "\n")
    }

    /// The table in Markdown, with cells that stand out in bold.
    public var markdown: String {
        let ruler = header.indices.map { $0 == 0 ? "---" : "---:" }
        let cells = rows.enumerated().map { index, row in
            row.enumerated().map { column, cell in
                isMarked(index, column) ? "**\(cell.inMarkdown)**" : cell.inMarkdown
            }
        }
        return ([header.map(\.inMarkdown), ruler] + cells)
            .map { "| " + $0.joined(separator: " | ") + " |" }
            .joined(separator: "\n")
    }
}

extension String {
    /// The text in lines of at most `width` characters where its words allow, broken at spaces.
    func wrapped(at width: Int) -> String {
        var lines: [String] = []
        for word in split(separator: " ") {
            if let line = lines.last, line.count + 1 + word.count <= width {
                lines[lines.count - 1] = line + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The text with what has a meaning in a Markdown table escaped, on one line.
    var inMarkdown: String {
        var result = ""
        // By scalars: a character may be a bar with a mark over it.
        for scalar in printable.unicodeScalars {
            if "\\`*_[]<>|#&~$".unicodeScalars.contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}
