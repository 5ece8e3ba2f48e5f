//! Interior mutability for state that application code can reach again while it is in use.

use std::cell::RefCell;

/// A value that is borrowed for the length of one closure and never longer.
///
/// A bare `RefCell` invites `while let Some(x) = cell.borrow_mut().pop()`, which holds the borrow over
/// the whole body and panics when the body calls back into the engine. The closure given to
/// [`Self::with`] calls nothing outside this crate.
pub struct Held<T>(RefCell<T>);

impl<T> Held<T> {
    pub const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    pub fn with<R>(&self, act: impl FnOnce(&mut T) -> R) -> R {
        act(&mut self.0.borrow_mut())
    }
}

/// Live browser objects under the numbers that the engine gave them.
///
/// Asking for an object reserves its place; releasing it removes the place. An object that comes late
/// finds no place and is handed back, to be dropped, which closes it.
pub struct Slots<T>(Held<Vec<(u32, Option<T>)>>);

impl<T> Slots<T> {
    pub const fn new() -> Self {
        Self(Held::new(Vec::new()))
    }

    /// Makes a place for an object that is on its way.
    pub fn reserve(&self, id: u32) {
        self.0.with(|slots| slots.push((id, None)));
    }

    /// Puts an object into its place; gives it back when the place is gone or taken.
    pub fn fill(&self, id: u32, object: T) -> Result<(), T> {
        self.0.with(|slots| match find(slots, id) {
            Some(place) if place.is_none() => {
                *place = Some(object);
                Ok(())
            }
            _ => Err(object),
        })
    }

    /// Removes the place. The object is returned so that it is dropped outside the borrow.
    pub fn release(&self, id: u32) -> Option<T> {
        self.0.with(|slots| {
            let index = slots.iter().position(|(slot, _)| *slot == id)?;
            slots.swap_remove(index).1
        })
    }

    /// Looks at an object. `look` copies out what is needed and calls nothing.
    pub fn with<R>(&self, id: u32, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.0.with(|slots| find(slots, id)?.as_ref().map(look))
    }

    /// Looks at every object.
    pub fn each<R>(&self, mut look: impl FnMut(&T) -> R) -> Vec<R> {
        self.0.with(|slots| {
            slots
                .iter()
                .filter_map(|(_, object)| object.as_ref().map(&mut look))
                .collect()
        })
    }
}

fn find<T>(slots: &mut [(u32, Option<T>)], id: u32) -> Option<&mut Option<T>> {
    slots
        .iter_mut()
        .find(|(slot, _)| *slot == id)
        .map(|(_, place)| place)
}
