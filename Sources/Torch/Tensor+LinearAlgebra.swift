import CTorch

extension Tensor {
    /// Eigenvalues [..., n] in ascending order and eigenvectors [..., n, n], as columns, of this
    /// symmetric matrix [..., n, n].
    public func symmetricEigen() -> (values: Tensor, vectors: Tensor) {
        var (values, vectors): (ctorch_tensor?, ctorch_tensor?)
        check(ctorch_eigh(handle, &values, &vectors), "symmetricEigen")
        return (Tensor(handle: values), Tensor(handle: vectors))
    }
}
