#if os(Linux)
import Foundation
import TestSupport
import Testing

@Suite("Packages for machines without Swift")
struct PackageTests {
    @Test("A package runs by its own libraries, and says which libtorch it needs")
    func package() throws {
        try withTemporaryFolder { folder in
            let tool = Tool(folder: folder)
            let package = folder.appendingPathComponent("package")
            let arguments = [package.path, Tool.binary.path]
            let script = Checkout.file("Scripts/package")
            let made = try tool.start(arguments, program: script).wait()
            #expect(made.exitCode == 0, "\(made.errors)")
            let again = try tool.start(arguments, program: script).wait()
            #expect(again.exitCode == 1 && again.errors.contains("is there already"))

            func run(with libtorch: String) throws -> Tool.Outcome {
                let environment = [
                    "LIBTORCH": libtorch, "LD_LIBRARY_PATH": "", "LD_DEBUG": "libs",
                ]
                let launcher = package.appendingPathComponent("varlora")
                return try tool.start(["doctor"], environment: environment, program: launcher)
                    .wait()
            }
            let inherited = ProcessInfo.processInfo.environment["LIBTORCH"]
            let doctor = try run(with: inherited ?? Checkout.file(".deps/libtorch").path)
            #expect(doctor.exitCode == 0 && doctor.output.contains("libtorch"))
            let loaded = doctor.errors.split(separator: "\n")
                .filter { $0.contains("calling init: ") && $0.contains("/libswift") }
            #expect(!loaded.isEmpty)
            #expect(loaded.allSatisfy { $0.contains(package.path + "/lib/") }, "\(loaded)")

            #expect(try run(with: folder.path).errors.contains("has no lib/libtorch_cpu.so"))
            let lib = folder.appendingPathComponent("lib")
            try FileManager.default.createDirectory(at: lib, withIntermediateDirectories: true)
            try Data().write(to: lib.appendingPathComponent("libtorch_cpu.so"))
            try Data("__version__ = '1.9.0+cu111'\n".utf8)
                .write(to: folder.appendingPathComponent("version.py"))
            let old = try run(with: folder.path)
            #expect(old.exitCode == 1)
            #expect(old.errors.contains("is libtorch 1.9.0+cu111, expected 2."))
        }
    }
}
#endif
