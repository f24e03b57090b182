// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux

/// An object that somebody else keeps alive, known without counting references.
///
/// With hundreds of clients each of them has left the processor's caches before it speaks again, and the first count of
/// a reference would wait for memory. Asked for beforehand, it comes while the kernel works for another client.
package struct Known<Object: AnyObject> {
    private let object: Unmanaged<Object>

    package init(_ object: Object) { self.object = Unmanaged.passUnretained(object) }

    @inline(__always)
    package func bringNear() { nitka_prefetch(object.toOpaque()) }
}
