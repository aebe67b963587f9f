//! Named lists: `\L<city>` in a pattern stands for any of the names here.

/// Cities and countries that the sellers of unwanted services name: larger cities of India, and some of the region.
const CITY: &[&str] = &[
    "Abu Dhabi", "Agra", "Ahmedabad", "Aizawl", "Ajmer", "Aligarh", "Allahabad", "Ambala", "Amritsar", "Aurangabad",
    "Bangalore", "Bangladesh", "Bareilly", "Bathinda", "Bengaluru", "Bhilai", "Bhopal", "Bhubaneswar", "Calicut", "Chandigarh",
    "Chennai", "Cochin", "Coimbatore", "Cuttack", "Dehradun", "Delhi", "Dhaka", "Dhanbad", "Dubai", "Durgapur",
    "Dwarka", "Ernakulam", "Faridabad", "Gandhinagar", "Ghaziabad", "Goa", "Gurgaon", "Gurugram", "Guwahati", "Gwalior",
    "Haridwar", "Howrah", "Hubli", "Hyderabad", "India", "Indore", "Islamabad", "Jabalpur", "Jaipur", "Jalandhar",
    "Jammu", "Jamshedpur", "Jodhpur", "Kanpur", "Karachi", "Kathmandu", "Kochi", "Kolkata", "Kota", "Lahore",
    "Lucknow", "Ludhiana", "Madurai", "Mangalore", "Meerut", "Mohali", "Mumbai", "Mysore", "Nagpur", "Nashik",
    "Nepal", "New Delhi", "Noida", "Pakistan", "Panchkula", "Patiala", "Patna", "Pondicherry", "Pune", "Raipur",
    "Rajkot", "Ranchi", "Rawalpindi", "Rishikesh", "Rohtak", "Shimla", "Siliguri", "Sri Lanka", "Srinagar", "Surat",
    "Thane", "Trivandrum", "Udaipur", "Vadodara", "Varanasi", "Vijayawada", "Visakhapatnam",
];

/// The words of a named list, longest first, as `\L` tries them.
pub(super) fn named(name: &str) -> Option<Vec<&'static str>> {
    let mut words = match name {
        "city" => CITY.to_vec(),
        _ => return None,
    };
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    Some(words)
}
