//! The members of a call, by their ids on the wire.

use crate::engine::io::Entity;

/// In the order of their ids. A sorted list weighs a fifth of a tree in the wasm, and a room has at most some
/// thousand members.
#[derive(Debug, Default)]
pub struct Members {
    sorted: Vec<(String, Entity)>,
}

impl Members {
    fn find(&self, id: &str) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|(own, _)| own.as_str().cmp(id))
    }

    /// The member with this id.
    pub fn get(&self, id: &str) -> Option<Entity> {
        let (_, entity) = self.sorted.get(self.find(id).ok()?)?;
        Some(*entity)
    }

    /// Adds a member that is not known yet.
    pub fn insert(&mut self, id: &str, entity: Entity) {
        if let Err(place) = self.find(id) {
            self.sorted.insert(place, (id.to_owned(), entity));
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, id: &str) -> Option<Entity> {
        let place = self.find(id).ok()?;
        Some(self.sorted.remove(place).1)
    }

    /// Every member.
    pub fn entities(&self) -> impl Iterator<Item = Entity> {
        self.sorted.iter().map(|(_, entity)| *entity)
    }

    /// Is this one of them?
    pub fn has(&self, member: Entity) -> bool {
        self.entities().any(|entity| entity == member)
    }

    /// The id of a member.
    pub fn id_of(&self, member: Entity) -> Option<&str> {
        let found = self.sorted.iter().find(|(_, entity)| *entity == member);
        found.map(|(id, _)| id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_id_whatever_the_order_of_their_coming() {
        let mut members = Members::default();
        for (number, id) in (1..).zip(["m", "a", "z", "b"]) {
            members.insert(id, Entity(number));
        }
        assert_eq!(members.get("z"), Some(Entity(3)));
        assert_eq!(members.remove("a"), Some(Entity(2)));
        assert_eq!((members.get("a"), members.remove("a")), (None, None));
        assert!(members.has(Entity(4)) && !members.has(Entity(2)));
        assert_eq!(members.id_of(Entity(1)), Some("m"));
        let left: Vec<Entity> = members.entities().collect();
        assert_eq!(left, [Entity(4), Entity(1), Entity(3)]);
    }
}
