/// The day and time that a template prints.
struct TemplateDate: Sendable {
    var year: Int
    var month: Int
    var day: Int

    /// The day that Llama 3's template falls back to.
    ///
    /// Prompts with today's date would make another model of a run each day.
    static let fixed = TemplateDate(year: 2024, month: 7, day: 26)

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    /// The day of the week, 0 for Sunday (Sakamoto's method).
    private var weekday: Int {
        let offsets = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
        let year = month < 3 ? year - 1 : year
        return (year + year / 4 - year / 100 + year / 400 + offsets[month - 1] + day) % 7
    }

    /// As `strftime`, at midnight; throws ``TemplateFault`` for letters that are not served.
    func formatted(_ format: TemplateText) throws -> String {
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        var text = ""
        var rest = format[...]
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "Y": text += "\(year)"
            case "y": text += padded(year % 100)
            case "m": text += padded(month)
            case "d": text += padded(day)
            case "B": text += Self.months[month - 1]
            case "b": text += String(Self.months[month - 1].prefix(3))
            case "A": text += Self.weekdays[weekday]
            case "a": text += String(Self.weekdays[weekday].prefix(3))
            case "H", "M", "S": text += "00"
            case "I": text += "12"
            case "p": text += "AM"
            case "%": text += "%"
            case let letter:
                throw TemplateFault.unsupported(
                    "\"%\(letter.map(String.init) ?? "")\" of strftime_now"
                )
            }
        }
        return text
    }
}
