import Testing

@testable import varlora

@Suite("What people see")
struct ConsoleTests {
    @Test(
        "Numbers that are not finite are called what they are",
        arguments: [
            (Double.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf"), (0.125, "0.12"),
            (-2, "-2.00"),
        ]
    )
    func fixed(_ number: Double, _ text: String) { #expect(number.fixed(2) == text) }
}
